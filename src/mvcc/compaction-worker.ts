/** The compaction helper's side: takes tasks from its port, one at a time, on a page file of its own. */
import { workerData } from "node:worker_threads";
import { openDirectory } from "../pager/index.ts";
import { type EncodedTask, runTask } from "./compaction-task.ts";
import { encodeError } from "./encoded-error.ts";
import { askForPages, type EncodedTaskOutcome, HELPER_CANCELLED, signal } from "./helper-message.ts";
import type { HelperPlace } from "./helper-thread.ts";
import { WorkerPages } from "./worker-pages.ts";
import { type ThreadData, WORD_RUNNING } from "./worker-thread.ts";

const { port, words, ...place } = workerData as ThreadData & HelperPlace;
const disk = openDirectory(place.directory, { create: false, readOnly: false });
const pages = new WorkerPages(disk, { ...place, readOnly: false, joins: true });

port.on("message", (task: EncodedTask) => {
  port.postMessage(run(task));
  Atomics.store(words, WORD_RUNNING, 0);
  signal(words);
});
port.postMessage("ready");

function run(task: EncodedTask): EncodedTaskOutcome {
  try {
    const steps = runTask(task, pages, (count, isExact) => askForPages(words, count, isExact));
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
