/** test/fixtures/sql-logic: scripts of our own, by area, whose answers are SQLite's (main.ts --complete wrote them). */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { open } from "../../../src/mvcc/index.ts";
import { openSql, SqlSession } from "../../../src/sql/index.ts";
import { checkoutRoot } from "../../support/source-tree.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { MemoryStore } from "../memory-store.ts";
import { NacreEngine } from "./nacre-engine.ts";
import { linesOf, parseRecords } from "./parse.ts";
import { type LogicFailure, Play } from "./play.ts";
import { isFor, type LogicRecord } from "./record.ts";

const FOLDER = join(checkoutRoot(), "test/fixtures/sql-logic");

function recordsOf(name: string): LogicRecord[] {
  const records = [...parseRecords(linesOf(readFileSync(join(FOLDER, name), "utf8")))];
  return records.filter((record) => isFor(record, "sqlite"));
}

function playOne(play: Play, record: LogicRecord): void {
  if (record.kind === "halt") {
    throw new Error("a script of the suite is played to its end");
  }
  play.one(record);
}

describe.each(readdirSync(FOLDER))("%s", (name) => {
  test("on the test double", () => {
    const failures: LogicFailure[] = [];
    const play = new Play(new NacreEngine(new SqlSession(new MemoryStore())), (failure) => failures.push(failure));
    for (const record of recordsOf(name)) {
      playOne(play, record);
    }
    expect(failures).toEqual([]);
    expect(play.tally.passed).toBeGreaterThan(0);
  });

  test("on disk, half of it checkpointed", async () => {
    using directory = temporaryDirectory();
    using database = open(join(directory.path, "db"), { durability: "relaxed" });
    const failures: LogicFailure[] = [];
    const play = new Play(new NacreEngine(openSql(database)), (failure) => failures.push(failure));
    const records = recordsOf(name);
    const half = Math.floor(records.findIndex(({ kind }) => kind === "query") / 2);
    for (const [index, record] of records.entries()) {
      if (index === half) {
        await database.checkpoint();
      }
      playOne(play, record);
    }
    expect(failures).toEqual([]);
  });
});
