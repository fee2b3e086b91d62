/** What the parent tells a child process to do. */
import type { EngineName } from "./engine.ts";
import type { MetricId, Task } from "./metrics.ts";

/** A task, or what must be done before one in a process of its own. */
export type Step = Task | "recovery-prepare";

export interface Order {
  readonly task: Step;
  readonly engine: EngineName;
  readonly directory: string;
  readonly entries: number;
  /** Entries of the sustained fill. */
  readonly fillEntries: number;
  readonly only: readonly MetricId[];
}

/** The entries of tasks that go with the sustained fill, but need no fill of that size; whole thousands. */
export function tenthOf(fillEntries: number): number {
  return Math.floor(fillEntries / 10_000) * 1000;
}
