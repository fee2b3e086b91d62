/** The engines: nacre, and better-sqlite3 with the settings that its users give it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { open } from "../../src/mvcc/index.ts";
import { openSql } from "../../src/sql/index.ts";
import { requirePeer } from "../kv/peers.ts";
import type { EngineOptions, RowEngineName, SqlEngine, SqlStatement } from "./engine.ts";

export function openEngine(name: RowEngineName, directory: string, options: EngineOptions): SqlEngine {
  mkdirSync(directory, { recursive: true });
  return name === "nacre"
    ? openNacre(join(directory, "nacre"), options)
    : openSqlite(join(directory, "sqlite.db"), options);
}

function openNacre(path: string, { isDurable }: EngineOptions): SqlEngine {
  const db = open(path, { durability: isDurable ? "sync" : "relaxed" });
  const session = openSql(db);
  return {
    exec: (text) => {
      session.exec(text);
    },
    prepare: (text) => session.prepare(text) as unknown as SqlStatement,
    within: (work) => session.transaction(work),
    settle: () => db.checkpoint(),
    close: () => db.close(),
  };
}

interface Sqlite {
  exec(text: string): void;
  prepare(text: string): SqlStatement;
  transaction(work: () => void): () => void;
  pragma(text: string): unknown;
  close(): void;
}

const CACHE = ["journal_mode = WAL", "cache_size = -262144", "mmap_size = 1073741824"];

function openSqlite(path: string, { isDurable }: EngineOptions): SqlEngine {
  const Database = requirePeer<new (path: string) => Sqlite>("better-sqlite3");
  const db = new Database(path);
  for (const pragma of [...CACHE, `synchronous = ${isDurable ? "FULL" : "OFF"}`]) {
    db.pragma(pragma);
  }
  return {
    exec: (text) => {
      db.exec(text);
    },
    prepare: (text) => db.prepare(text),
    within: (work) => db.transaction(work)(),
    settle: async () => {
      db.pragma("wal_checkpoint(TRUNCATE)");
    },
    close: () => db.close(),
  };
}
