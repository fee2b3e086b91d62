/** The checkpoint worker's side: takes jobs from its port, one at a time, on a page file of its own. */
import { type MessagePort, workerData } from "node:worker_threads";
import { DbError } from "../errors.ts";
import { type Backend, openDirectory } from "../pager/index.ts";
import { CheckpointJob, runToEnd } from "./checkpoint-job.ts";
import {
  decodeExtents,
  decodeInput,
  type EncodedInput,
  type EncodedOutcome,
  encodeResult,
  PROGRESS_SCALE,
  STATUS_HURRIED,
  STATUS_PROGRESS,
  STATUS_RUNNING,
} from "./checkpoint-message.ts";
import { WorkerPages } from "./worker-pages.ts";

interface Setup {
  readonly port: MessagePort;
  readonly status: Int32Array;
  readonly directory: string;
  readonly backend: Backend;
  readonly cacheBytes: number;
  readonly fileBytes: number;
}

const { port, status, directory, backend, cacheBytes, fileBytes } = workerData as Setup;
const disk = openDirectory(directory, { create: false, readOnly: false });
const pages = new WorkerPages(disk, { backend, cacheBytes, fileBytes, readOnly: false });

port.on("message", (encoded: EncodedInput) => {
  const outcome = run(encoded);
  // Before the message, on which the next job may begin and set the status again.
  Atomics.store(status, STATUS_RUNNING, 0);
  port.postMessage(outcome);
  Atomics.notify(status, STATUS_RUNNING);
});

function run(encoded: EncodedInput): EncodedOutcome {
  let job: CheckpointJob | undefined;
  try {
    const file = pages.forJob(encoded.previous.pageCount, decodeExtents(encoded.rewritten), encoded.cutTo);
    const isHurried = () => Atomics.load(status, STATUS_HURRIED) === 1;
    const input = decodeInput(encoded, file, isHurried, (share) => {
      Atomics.store(status, STATUS_PROGRESS, Math.floor(share * PROGRESS_SCALE));
    });
    job = new CheckpointJob(input);
    return { ok: true, result: encodeResult(runToEnd(job.steps())) };
  } catch (error) {
    return describeFailure(error, job?.isMetaTouched ?? false);
  }
}

function describeFailure(error: unknown, isMetaUncertain: boolean): EncodedOutcome {
  const known =
    error instanceof DbError
      ? error
      : new DbError("IO", `the checkpoint failed: ${error instanceof Error ? error.message : String(error)}`);
  const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { ok: false, isMetaUncertain, code: known.code, message: known.message, facts: known.facts, cause };
}
