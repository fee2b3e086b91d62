/**
 * What is measured, in the order of the table, and what nacre aims at.
 *
 * A goal is a ratio to the best peer of the same run, a ratio to one named peer, or a plain bound.
 */
import type { EngineName } from "./engine.ts";

export type Unit = "per second" | "bytes" | "ms" | "MB";

export type Goal =
  | { readonly kind: "best peer times"; readonly atLeast: number }
  | { readonly kind: "at most that of"; readonly peer: EngineName }
  | { readonly kind: "below"; readonly bound: number };

/** The child process that measures it. */
export type Task = "fill" | "serve" | "recovery" | "loop-delay" | "memory" | "sql";

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
  | "sql-group";

export interface Metric {
  readonly id: MetricId;
  readonly label: string;
  readonly unit: Unit;
  readonly task: Task;
  readonly goal?: Goal;
}

export const METRICS: readonly Metric[] = [
  { id: "get-hit", label: "point get, hit", unit: "per second", task: "serve", goal: times(2) },
  { id: "get-miss", label: "point get, miss", unit: "per second", task: "serve", goal: times(2) },
  { id: "get-fresh", label: "point get, hit, after updates", unit: "per second", task: "serve", goal: times(2) },
  { id: "scan", label: "full scan, entries", unit: "per second", task: "serve", goal: times(2) },
  { id: "range", label: "ranges of 100", unit: "per second", task: "serve", goal: times(2) },
  { id: "fill", label: "fill random, 1000 per commit", unit: "per second", task: "fill", goal: times(2) },
  { id: "fill-close", label: "close after the fill", unit: "ms", task: "fill" },
  { id: "update", label: "update, 10 per commit", unit: "per second", task: "serve", goal: times(2) },
  { id: "delete", label: "delete, 1000 per commit", unit: "per second", task: "serve", goal: times(2) },
  { id: "commit-1", label: "durable commits, one at a time", unit: "per second", task: "serve", goal: times(1.2) },
  { id: "commit-64", label: "durable commits, 64 in flight", unit: "per second", task: "serve", goal: times(2) },
  { id: "disk-sync", label: "the disk: 160 bytes and fdatasync", unit: "per second", task: "serve" },
  {
    id: "size",
    label: "on disk per entry",
    unit: "bytes",
    task: "fill",
    goal: { kind: "at most that of", peer: "better-sqlite3" },
  },
  { id: "open", label: "open after a clean close", unit: "ms", task: "serve", goal: below(20) },
  { id: "recover", label: "recovery of a full segment", unit: "ms", task: "recovery", goal: below(300) },
  { id: "loop-p99", label: "event loop delay, p99", unit: "ms", task: "loop-delay", goal: below(20) },
  { id: "loop-max", label: "event loop delay, longest", unit: "ms", task: "loop-delay" },
  { id: "loop-fill", label: "commits of 10, one per turn", unit: "per second", task: "loop-delay" },
  { id: "memory", label: "RssAnon with 3 M entries", unit: "MB", task: "memory", goal: below(250) },
  { id: "memory-max", label: "RssAnon, most while filling 3 M", unit: "MB", task: "memory", goal: below(250) },
  { id: "memory-10x", label: "RssAnon at 10x the segments", unit: "MB", task: "memory", goal: below(250) },
  { id: "sql-point", label: "SELECT by primary key", unit: "per second", task: "sql", goal: times(3) },
  { id: "sql-group", label: "GROUP BY over 1 M rows", unit: "per second", task: "sql", goal: times(5) },
];

/** What a child process has found. */
export type Figures = Partial<Record<MetricId, number>>;

/** Measured of nacre alone: its goals are bounds, not ratios. */
const NACRE_TASKS: readonly Task[] = ["recovery", "loop-delay", "memory"];

/** Who speaks SQL. */
const SQL_ENGINES: readonly EngineName[] = ["nacre", "better-sqlite3"];

export function isMeasuredOf(task: Task, engine: EngineName): boolean {
  if (task === "sql") {
    return SQL_ENGINES.includes(engine);
  }
  return engine === "nacre" || !NACRE_TASKS.includes(task);
}

function times(atLeast: number): Goal {
  return { kind: "best peer times", atLeast };
}

function below(bound: number): Goal {
  return { kind: "below", bound };
}
