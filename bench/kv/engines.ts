/** Engines by name. */
import type { Data, Engine, EngineName } from "./engine.ts";
import { BetterSqliteEngine } from "./engines/better-sqlite3.ts";
import { ClassicLevelEngine } from "./engines/classic-level.ts";
import { LmdbEngine } from "./engines/lmdb.ts";
import { NacreEngine } from "./engines/nacre.ts";
import { NodeLmdbEngine } from "./engines/node-lmdb.ts";

export function createEngine(name: EngineName, data: Data = "random"): Engine {
  switch (name) {
    case "nacre":
    case "nacre-lsm":
      return new NacreEngine(name);
    case "lmdb":
      return new LmdbEngine();
    case "node-lmdb":
      return new NodeLmdbEngine();
    case "classic-level":
      return new ClassicLevelEngine(data);
    case "better-sqlite3":
      return new BetterSqliteEngine();
  }
}
