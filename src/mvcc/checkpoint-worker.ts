/** The checkpoint worker's side: takes jobs from its port, one at a time, on a page file of its own. */
import { type MessagePort, workerData } from "node:worker_threads";
import { DbError } from "../errors.ts";
import { type Backend, type Extent, openDirectory, PageFile } from "../pager/index.ts";
import { CheckpointJob, runToEnd } from "./checkpoint-job.ts";
import {
  decodeExtents,
  decodeInput,
  type EncodedInput,
  type EncodedOutcome,
  encodeResult,
  PROGRESS_SCALE,
  STATUS_PROGRESS,
  STATUS_RUNNING,
} from "./checkpoint-message.ts";

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
let pages: PageFile | undefined;

port.on("message", (encoded: EncodedInput) => {
  const outcome = run(encoded);
  port.postMessage(outcome);
  Atomics.store(status, STATUS_RUNNING, 0);
  Atomics.notify(status, STATUS_RUNNING);
});

function run(encoded: EncodedInput): EncodedOutcome {
  let job: CheckpointJob | undefined;
  try {
    const file = openPages(encoded.previous.pageCount, decodeExtents(encoded.rewritten), encoded.cutTo);
    const input = decodeInput(encoded, file, (share) => {
      Atomics.store(status, STATUS_PROGRESS, Math.floor(share * PROGRESS_SCALE));
    });
    job = new CheckpointJob(input);
    return { ok: true, result: encodeResult(runToEnd(job.steps())) };
  } catch (error) {
    return describeFailure(error, job?.isMetaTouched ?? false);
  }
}

/** As many pages as there are, and nothing kept of those that the other thread wrote, or of files that it removed. */
function openPages(pageCount: number, rewritten: readonly Extent[], cutTo: number): PageFile {
  if (pages === undefined) {
    pages = PageFile.open(disk, { backend, cacheBytes, fileBytes, readOnly: false });
  }
  pages.grow(Math.min(pageCount, cutTo));
  pages.grow(pageCount);
  for (const { first, count } of rewritten) {
    pages.forget(first, count);
  }
  return pages;
}

function describeFailure(error: unknown, isMetaUncertain: boolean): EncodedOutcome {
  const known =
    error instanceof DbError
      ? error
      : new DbError("IO", `the checkpoint failed: ${error instanceof Error ? error.message : String(error)}`);
  const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { ok: false, isMetaUncertain, code: known.code, message: known.message, facts: known.facts, cause };
}
