/** The compaction helper's side: takes tasks from its port, one at a time, on a page file of its own. */
import { workerData } from "node:worker_threads";
import { type Extent, openDirectory } from "../pager/index.ts";
import { type EncodedTask, runTask } from "./compaction-task.ts";
import { encodeError } from "./encoded-error.ts";
import {
  ASKED_RUN,
  ASKED_UP_TO,
  type EncodedTaskOutcome,
  HELPER_ASKED,
  HELPER_CANCELLED,
  HELPER_COUNT,
  HELPER_FIRST,
  HELPER_SIGNAL,
} from "./helper-message.ts";
import type { HelperPlace } from "./helper-thread.ts";
import { WorkerPages } from "./worker-pages.ts";
import { type ThreadData, WORD_RUNNING } from "./worker-thread.ts";

const { port, words, ...place } = workerData as ThreadData & HelperPlace;
const disk = openDirectory(place.directory, { create: false, readOnly: false });
const pages = new WorkerPages(disk, { ...place, readOnly: false, joins: true });

port.on("message", (task: EncodedTask) => {
  port.postMessage(run(task));
  Atomics.store(words, WORD_RUNNING, 0);
  signal();
});
port.postMessage("ready");

function run(task: EncodedTask): EncodedTaskOutcome {
  try {
    const steps = runTask(task, pages, ask);
    for (;;) {
      const { done, value } = steps.next();
      if (done) {
        return { ok: true, merged: value };
      }
      if (Atomics.load(words, HELPER_CANCELLED) === 1) {
        throw new Error("the task was cancelled");
      }
    }
  } catch (error) {
    return { ok: false, error: encodeError(error) };
  }
}

function ask(count: number, isExact: boolean): Extent {
  const asked = isExact ? ASKED_RUN : ASKED_UP_TO;
  Atomics.store(words, HELPER_COUNT, count);
  Atomics.store(words, HELPER_ASKED, asked);
  signal();
  Atomics.wait(words, HELPER_ASKED, asked);
  const got = Atomics.load(words, HELPER_COUNT);
  if (got === 0) {
    throw new Error("the task gets no more pages");
  }
  return { first: Atomics.load(words, HELPER_FIRST) >>> 0, count: got };
}

function signal(): void {
  Atomics.add(words, HELPER_SIGNAL, 1);
  Atomics.notify(words, HELPER_SIGNAL);
}
