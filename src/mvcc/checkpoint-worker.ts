/** The checkpoint worker's side: takes jobs from its port, one at a time, on a page file of its own. */
import { type MessagePort, workerData } from "node:worker_threads";
import { stopwatch } from "../clock.ts";
import { type Backend, openDirectory } from "../pager/index.ts";
import { CheckpointJob, runToEnd } from "./checkpoint-job.ts";
import {
  BEGIN_HELPER,
  decodeInput,
  type EncodedInput,
  type EncodedOutcome,
  encodeResult,
  PROGRESS_SCALE,
  STATUS_ALONE,
  STATUS_HURRIED,
  STATUS_PROGRESS,
  STATUS_STEPS,
} from "./checkpoint-message.ts";
import { CompactionHelper } from "./compaction-helper.ts";
import { encodeError } from "./encoded-error.ts";
import { decodeExtents } from "./extents.ts";
import { HelperThread } from "./helper-thread.ts";
import { WorkerPages } from "./worker-pages.ts";
import { WORD_RUNNING } from "./worker-thread.ts";

interface Setup {
  readonly port: MessagePort;
  readonly words: Int32Array;
  readonly directory: string;
  readonly backend: Backend;
  readonly cacheBytes: number;
  readonly fileBytes: number;
}

const { port, words, ...place } = workerData as Setup;
const disk = openDirectory(place.directory, { create: false, readOnly: false });
const pages = new WorkerPages(disk, { ...place, readOnly: false });
const thread = new HelperThread(place);
const helper = new CompactionHelper(thread);

port.on("message", (encoded: EncodedInput | typeof BEGIN_HELPER) => {
  if (encoded === BEGIN_HELPER) {
    thread.begin();
    return;
  }
  const outcome = run(encoded);
  Atomics.store(words, STATUS_ALONE, Number(thread.isGone));
  // Before the message, on which the next job may begin and set the word again.
  Atomics.store(words, WORD_RUNNING, 0);
  port.postMessage(outcome);
  Atomics.notify(words, WORD_RUNNING);
});

function run(encoded: EncodedInput): EncodedOutcome {
  const startedAt = stopwatch();
  let job: CheckpointJob | undefined;
  try {
    const { pageCount } = encoded.previous;
    const rewritten = decodeExtents(encoded.rewritten);
    helper.note(rewritten, Math.min(pageCount, encoded.cutTo));
    const file = pages.forJob(pageCount, rewritten, encoded.cutTo);
    if (encoded.manifests.size > 0) {
      // There will be something to compact: it takes a while to start.
      thread.begin();
    }
    const isHurried = () => Atomics.load(words, STATUS_HURRIED) === 1;
    const input = decodeInput(encoded, file, helper, isHurried, (share) => {
      Atomics.store(words, STATUS_PROGRESS, Math.floor(share * PROGRESS_SCALE));
    });
    job = new CheckpointJob(input);
    const result = runToEnd(job.steps(), () => Atomics.add(words, STATUS_STEPS, 1));
    helper.note(result.written, result.meta.pageCount);
    return { ok: true, result: encodeResult(result), ms: stopwatch() - startedAt };
  } catch (error) {
    return {
      ok: false,
      isMetaUncertain: !isHelperAtRest() || (job?.isMetaTouched ?? false),
      error: encodeError(error),
    };
  }
}

/** False: it may be writing still, and nobody can know to where. */
function isHelperAtRest(): boolean {
  try {
    helper.cancel();
    return true;
  } catch {
    return false;
  }
}
