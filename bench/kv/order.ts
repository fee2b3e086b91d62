/** What the parent tells a child process to do. */
import type { EngineName } from "./engine.ts";
import type { MetricId, Task } from "./metrics.ts";

export interface Order {
  readonly task: Task | "recovery-prepare";
  readonly engine: EngineName;
  readonly directory: string;
  readonly entries: number;
  readonly only: readonly MetricId[];
}
