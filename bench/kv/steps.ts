/** In which order an engine's tasks are run within a round, each in a child process, and on which directory. */
import type { EngineName } from "./engine.ts";
import { isMeasuredOf, METRICS, type MetricId, type Task } from "./metrics.ts";
import type { Step } from "./order.ts";

const STEPS: readonly Step[] = [
  "fill",
  "serve",
  "recovery-prepare",
  "recovery",
  "loop-delay",
  "memory",
  "sql",
  "sustained",
  "sustained-serve",
  "sustained-loop",
  "overwrite",
  "json-size",
  "read-beside-fill",
  "range-delete",
];

/** What these tasks find in their directory, the one before them has left there. */
const PREPARED_BY: Partial<Record<Step, Step>> = {
  serve: "fill",
  recovery: "recovery-prepare",
  "sustained-serve": "sustained",
};

/** Memory does not depend on how busy the machine is: once will do. */
const ONCE: readonly Task[] = ["memory"];

/** What must be run for these metrics of this engine, in this order. */
export function stepsOf(only: readonly MetricId[], engine: EngineName, round: number): Step[] {
  const tasks = METRICS.filter(({ id }) => only.includes(id))
    .map(({ task }) => task)
    .filter((task) => isMeasuredOf(task, engine) && (round === 0 || !ONCE.includes(task)));
  const wanted = new Set<Step>(tasks.flatMap((task) => [PREPARED_BY[task] ?? task, task]));
  return STEPS.filter((step) => wanted.has(step));
}

/** The same for a step and the one that prepares it. */
export function folderOf(step: Step): Step {
  return PREPARED_BY[step] ?? step;
}
