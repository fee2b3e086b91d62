/** What a compaction helper in a thread of its own and the checkpoint worker tell each other. */
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
