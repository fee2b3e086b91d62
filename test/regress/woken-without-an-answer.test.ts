/**
 * A helper that asks for pages was woken by the call that belonged to its last answer, took its own question for the next one,
 * and wrote to pages that were not its own.
 */
import { Worker } from "node:worker_threads";
import { afterEach, expect, it } from "vitest";
import {
  ASKED_NOTHING,
  askForPages,
  HELPER_ASKED,
  HELPER_COUNT,
  HELPER_FIRST,
  HELPER_WORDS,
} from "../../src/mvcc/helper-message.ts";
import { newWords } from "../../src/mvcc/worker-thread.ts";

/** Answers a question after it was asked and its asker was called without reason, again and again. */
const ANSWERER = `
const { words, HELPER_ASKED, HELPER_COUNT, HELPER_FIRST, ASKED_NOTHING } = require("node:worker_threads").workerData;
while (Atomics.load(words, HELPER_ASKED) === ASKED_NOTHING) {
  Atomics.wait(words, HELPER_ASKED, ASKED_NOTHING, 1);
}
let woken = 0;
while (woken < 20) {
  Atomics.wait(words, HELPER_COUNT, Atomics.load(words, HELPER_COUNT), 1);
  woken += Atomics.notify(words, HELPER_ASKED) > 0 ? 1 : 0;
  if (Atomics.load(words, HELPER_ASKED) === ASKED_NOTHING) break;
}
Atomics.store(words, HELPER_FIRST, 700);
Atomics.store(words, HELPER_COUNT, 12);
Atomics.store(words, HELPER_ASKED, ASKED_NOTHING);
Atomics.notify(words, HELPER_ASKED);`;

let worker: Worker | undefined;
afterEach(() => worker?.terminate());

it("who asks for pages waits for the answer, however often it is woken", () => {
  const words = newWords(HELPER_WORDS);
  Atomics.store(words, HELPER_FIRST, 100);
  const names = { HELPER_ASKED, HELPER_COUNT, HELPER_FIRST, ASKED_NOTHING };
  worker = new Worker(ANSWERER, { eval: true, workerData: { words, ...names } });
  expect(askForPages(words, 512, false)).toEqual({ first: 700, count: 12 });
});
