/** What a compaction helper in a thread of its own and the checkpoint worker tell each other. */
import type { Extent } from "../pager/index.ts";
import type { EncodedMerged } from "./compaction-task.ts";
import type { EncodedError } from "./encoded-error.ts";
import { WORDS_SHARED } from "./worker-thread.ts";

/** Pages that the helper asks for; the worker answers with first and count, 0 for none, and takes the question away. */
export const HELPER_ASKED: number = WORDS_SHARED;
export const HELPER_COUNT: number = WORDS_SHARED + 1;
export const HELPER_FIRST: number = WORDS_SHARED + 2;
/** 1: the task is to come to nothing. */
export const HELPER_CANCELLED: number = WORDS_SHARED + 3;
/** Changes whenever there is something to look at. */
export const HELPER_SIGNAL: number = WORDS_SHARED + 4;
export const HELPER_WORDS: number = WORDS_SHARED + 5;

export const ASKED_NOTHING = 0;
export const ASKED_UP_TO = 1;
export const ASKED_RUN = 2;

export type EncodedTaskOutcome =
  | { readonly ok: true; readonly merged: EncodedMerged }
  | { readonly ok: false; readonly error: EncodedError };

/** The helper's side of it: waits for the answer. Throws where there are no pages. */
export function askForPages(words: Int32Array, count: number, isExact: boolean): Extent {
  const asked = isExact ? ASKED_RUN : ASKED_UP_TO;
  Atomics.store(words, HELPER_COUNT, count);
  Atomics.store(words, HELPER_ASKED, asked);
  signal(words);
  // Being woken is no answer: it may be the last answer's call, made late.
  while (Atomics.load(words, HELPER_ASKED) === asked) {
    Atomics.wait(words, HELPER_ASKED, asked);
  }
  const got = Atomics.load(words, HELPER_COUNT);
  if (got === 0) {
    throw new Error("the task gets no more pages");
  }
  return { first: Atomics.load(words, HELPER_FIRST) >>> 0, count: got };
}

/** Tells the worker that there is something to look at. */
export function signal(words: Int32Array): void {
  Atomics.add(words, HELPER_SIGNAL, 1);
  Atomics.notify(words, HELPER_SIGNAL);
}
