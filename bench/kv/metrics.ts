/**
 * What is measured, in the order of the table, and what nacre aims at.
 *
 * A goal is a ratio to the best peer of the same run, ratios to named peers, or a plain bound. Each row is about one of
 * nacre's engines: its goal is for that one, and a run without `--only` has the rows of the engine that was chosen.
 */
import { type EngineName, isOwn, type OwnEngine } from "./engine.ts";

export type Unit = "per second" | "bytes" | "ms" | "µs" | "MB" | "times" | "share";

/** Factors by peer. */
export type Factors = Partial<Record<EngineName, number>>;

export type Goal =
  | { readonly kind: "best peer times"; readonly atLeast: number }
  | { readonly kind: "at least peers times"; readonly factors: Factors }
  | { readonly kind: "at most peers times"; readonly factors: Factors }
  | { readonly kind: "below"; readonly bound: number }
  | { readonly kind: "at most"; readonly bound: number }
  | { readonly kind: "at least"; readonly bound: number };

/** The child process that measures it. */
export type Task =
  | "fill"
  | "serve"
  | "recovery"
  | "loop-delay"
  | "memory"
  | "sql"
  | "sustained"
  | "sustained-serve"
  | "sustained-loop"
  | "overwrite"
  | "json-size"
  | "read-beside-fill"
  | "range-delete";

export type MetricId =
  | "get-hit"
  | "get-miss"
  | "get-fresh"
  | "scan"
  | "range"
  | "fill"
  | "fill-close"
  | "update"
  | "delete"
  | "commit-1"
  | "commit-64"
  | "disk-sync"
  | "size"
  | "open"
  | "recover"
  | "loop-p99"
  | "loop-max"
  | "loop-fill"
  | "memory"
  | "memory-max"
  | "memory-10x"
  | "sql-point"
  | "sql-group"
  | "sustained-fill"
  | "sustained-median"
  | "sustained-slowest"
  | "sustained-idle"
  | "sustained-size"
  | "sustained-get-hit"
  | "sustained-get-miss"
  | "sustained-range"
  | "sustained-scan"
  | "sustained-loop-p99"
  | "sustained-loop-max"
  | "sustained-loop-fill"
  | "overwrite"
  | "overwrite-space"
  | "overwrite-space-closed"
  | "overwrite-space-most"
  | "overwrite-written"
  | "json-size"
  | "json-fill"
  | "read-idle"
  | "read-idle-p99"
  | "read-filling"
  | "read-filling-p99"
  | "read-filling-share"
  | "read-filling-puts"
  | "range-delete"
  | "range-delete-idle"
  | "range-delete-size";

export interface Metric {
  readonly id: MetricId;
  readonly label: string;
  readonly unit: Unit;
  readonly task: Task;
  /** The engine of nacre that the row, and its goal, is about. */
  readonly about: OwnEngine;
  readonly goal: Goal | undefined;
}

export const METRICS: readonly Metric[] = [
  ...rowsAbout("nacre", [
    ["get-hit", "point get, hit", "per second", "serve", times(2)],
    ["get-miss", "point get, miss", "per second", "serve", times(2)],
    ["get-fresh", "point get, hit, after updates", "per second", "serve", times(2)],
    ["scan", "full scan, entries", "per second", "serve", times(2)],
    ["range", "ranges of 100", "per second", "serve", times(2)],
    ["fill", "fill random, 1000 per commit", "per second", "fill", times(2)],
    ["fill-close", "close after the fill", "ms", "fill"],
    ["update", "update, 10 per commit", "per second", "serve", times(2)],
    ["delete", "delete, 1000 per commit", "per second", "serve", times(2)],
    ["commit-1", "durable commits, one at a time", "per second", "serve", times(1.2)],
    ["commit-64", "durable commits, 64 in flight", "per second", "serve", times(2)],
    ["disk-sync", "the disk: 160 bytes and fdatasync", "per second", "serve"],
    ["size", "on disk per entry", "bytes", "fill", atMost({ "better-sqlite3": 1 })],
    ["open", "open after a clean close", "ms", "serve", below(20)],
    ["recover", "recovery of a full segment", "ms", "recovery", below(300)],
    ["loop-p99", "event loop delay, p99", "ms", "loop-delay", below(20)],
    ["loop-max", "event loop delay, longest", "ms", "loop-delay"],
    ["loop-fill", "commits of 10, one per turn", "per second", "loop-delay"],
    ["memory", "RssAnon with 3 M entries", "MB", "memory", below(250)],
    ["memory-max", "RssAnon, most while filling 3 M", "MB", "memory", below(250)],
    ["memory-10x", "RssAnon at 10x the segments", "MB", "memory", below(250)],
    ["sql-point", "SELECT by primary key", "per second", "sql", times(3)],
    ["sql-group", "GROUP BY over 1 M rows", "per second", "sql", times(5)],
  ]),
  ...rowsAbout("nacre-lsm", [
    [
      "sustained-fill",
      "sustained fill, until idle",
      "per second",
      "sustained",
      atLeast({ "classic-level": 2, lmdb: 4 }),
    ],
    ["sustained-median", "… its median window of 100 ms", "per second", "sustained"],
    ["sustained-slowest", "… its slowest window / median", "share", "sustained", { kind: "at least", bound: 0.4 }],
    ["sustained-idle", "… from the last commit until idle", "ms", "sustained"],
    ["sustained-size", "… on disk per entry", "bytes", "sustained"],
    ["sustained-get-hit", "point get, hit, after it", "per second", "sustained-serve", atLeast({ "classic-level": 2 })],
    [
      "sustained-get-miss",
      "point get, miss, after it",
      "per second",
      "sustained-serve",
      atLeast({ "classic-level": 2 }),
    ],
    ["sustained-range", "ranges of 100, after it", "per second", "sustained-serve", atLeast({ "classic-level": 1.5 })],
    ["sustained-scan", "full scan, after it", "per second", "sustained-serve", atLeast({ "classic-level": 1.5 })],
    ["sustained-loop-p99", "event loop delay, sustained, p99", "ms", "sustained-loop", below(20)],
    ["sustained-loop-max", "… longest", "ms", "sustained-loop"],
    ["sustained-loop-fill", "… commits of 10, one per turn", "per second", "sustained-loop"],
    ["overwrite", "overwrite at random, until idle", "per second", "overwrite"],
    ["overwrite-space", "… on disk / live, idle", "times", "overwrite", { kind: "at most", bound: 1.3 }],
    ["overwrite-space-closed", "… on disk / live, closed", "times", "overwrite", { kind: "at most", bound: 1.3 }],
    ["overwrite-space-most", "… on disk / live, the most", "times", "overwrite"],
    ["overwrite-written", "… bytes written / put", "times", "overwrite", { kind: "at most", bound: 10 }],
    ["json-size", "JSON rows, on disk per entry", "bytes", "json-size", atMost({ "classic-level": 0.8 })],
    ["json-fill", "JSON rows, fill, until idle", "per second", "json-size"],
    ["read-idle", "point get, idle database", "per second", "read-beside-fill"],
    ["read-idle-p99", "… p99", "µs", "read-beside-fill"],
    ["read-filling", "point get, beside a fill", "per second", "read-beside-fill"],
    ["read-filling-p99", "… p99", "µs", "read-beside-fill"],
    ["read-filling-share", "… share of the idle rate", "share", "read-beside-fill"],
    ["read-filling-puts", "… puts meanwhile", "per second", "read-beside-fill"],
    ["range-delete", "ranges of 1000 deleted", "per second", "range-delete"],
    ["range-delete-idle", "… until idle", "per second", "range-delete"],
    ["range-delete-size", "… on disk per entry left", "bytes", "range-delete"],
  ]),
];

/** What a child process has found. */
export type Figures = Partial<Record<MetricId, number>>;

/** Measured of nacre alone: its goals are bounds, not ratios. */
const OWN_TASKS: readonly Task[] = ["recovery", "loop-delay", "memory"];

/** Who speaks SQL. Tables are B+trees. */
const SQL_ENGINES: readonly EngineName[] = ["nacre", "better-sqlite3"];

export function isMeasuredOf(task: Task, engine: EngineName): boolean {
  if (task === "sql") {
    return SQL_ENGINES.includes(engine);
  }
  return isOwn(engine) || !OWN_TASKS.includes(task);
}

type MetricRow = readonly [id: MetricId, label: string, unit: Unit, task: Task, goal?: Goal];

function rowsAbout(about: OwnEngine, rows: readonly MetricRow[]): Metric[] {
  return rows.map(([id, label, unit, task, goal]) => ({ id, label, unit, task, about, goal }));
}

function times(factor: number): Goal {
  return { kind: "best peer times", atLeast: factor };
}

function atLeast(factors: Factors): Goal {
  return { kind: "at least peers times", factors };
}

function atMost(factors: Factors): Goal {
  return { kind: "at most peers times", factors };
}

function below(bound: number): Goal {
  return { kind: "below", bound };
}
