/** When a database's checkpoint jobs run, in operations of its disk, and what they do: for crashes that are to fall into them. */
import type { CheckpointRunner } from "../../src/mvcc/index.ts";

export interface WatchedJob {
  /** "beside": a flush with compactions beside it. "sweep": a compaction of runs that were swept in part, or with one under way. */
  readonly kind: "flush" | "beside" | "compaction" | "sweep" | "relocation";
  /** The operations that the disk had done when it began, and when its outcome was taken. */
  readonly from: number;
  to: number;
}

/** `operations`: of the disk so far. `onJob` is told of each job when it begins. */
export function watchJobs(
  runner: CheckpointRunner,
  operations: () => number,
  onJob: (job: WatchedJob) => void,
): CheckpointRunner {
  const start = runner.start.bind(runner);
  const take = runner.take.bind(runner);
  let running: WatchedJob | undefined;
  runner.start = (input) => {
    running = { kind: kindOf(input), from: operations(), to: Number.POSITIVE_INFINITY };
    onJob(running);
    start(input);
  };
  runner.take = () => {
    const outcome = take();
    if (outcome !== undefined && running !== undefined) {
      running.to = operations();
      running = undefined;
    }
    return outcome;
  };
  return runner;
}

function kindOf({ memtables, lsm, roots }: Parameters<CheckpointRunner["start"]>[0]): WatchedJob["kind"] {
  if (memtables.length > 0) {
    return lsm.compactionBytes === 0 ? "flush" : "beside";
  }
  if (lsm.compactionBytes === 0) {
    return "relocation";
  }
  const isSwept = [...roots.manifests.values()].some(
    (manifest) =>
      manifest.sweeps.some((sweep) => sweep !== undefined) || [...manifest.parts()].some(({ part }) => part.isCut),
  );
  return isSwept ? "sweep" : "compaction";
}
