/**
 * A thread of nacre's own, and the words of memory by which those who wait for it without hearing events know of it.
 *
 * Its module may be missing, or not load, or the thread may end in the middle. Whoever waits sits in Atomics.wait and gets no
 * events: so the one is told like an outcome (`NotStarted`), the other by a word.
 */
import { type MessagePort, Worker } from "node:worker_threads";
import { DbError } from "../errors.ts";

/** 1 while it works on something; notified when that is over. */
export const WORD_RUNNING = 0;
/** 1: there is no such thread any more. */
export const WORD_ENDED = 1;
/** From here on words are what the two sides make of them. */
export const WORDS_SHARED = 2;

export interface NotStarted {
  readonly notStarted: { readonly message: string; readonly code: string | undefined };
}

/** It allocates little; the usual 48 MB of young heap would be most of what the thread costs (26 MB less, measured). */
const YOUNG_GENERATION_MB = 4;

/**
 * Where threads outnumber processors, the application's goes first: what is written behind it can wait. A tenth of its share is
 * left, so that a program that never rests does not keep its log from being written into the tree.
 */
const NICENESS = 10;
/** A link to the thread's own directory; Linux alone has it, and priorities of threads. */
const THREAD_LINK = "/proc/thread-self";

const START = `
const { readlinkSync } = require("node:fs");
const { basename } = require("node:path");
const { setPriority } = require("node:os");
const { workerData } = require("node:worker_threads");
try {
  setPriority(Number(basename(readlinkSync("${THREAD_LINK}"))), ${NICENESS});
} catch {
  // No such link, or it may not: the thread runs as others do.
}
const { port, words, module } = workerData;
process.once("exit", () => {
  Atomics.store(words, ${WORD_ENDED}, 1);
  Atomics.store(words, ${WORD_RUNNING}, 0);
  Atomics.notify(words, ${WORD_RUNNING});
});
import(module).catch((error) => {
  const { message, code } = error;
  Atomics.store(words, ${WORD_RUNNING}, 0);
  port.postMessage({ notStarted: { message, code } });
  Atomics.notify(words, ${WORD_RUNNING});
});`;

export interface ThreadData {
  readonly port: MessagePort;
  readonly words: Int32Array;
}

/** Runs the module beside this one of that name; `data` is what it finds as its workerData. */
export function startThread(
  name: string,
  module: string,
  data: ThreadData & Readonly<Record<string, unknown>>,
): Worker {
  const worker = new Worker(START, {
    eval: true,
    name: `nacre ${name}`,
    // Not the program's flags and NODE_OPTIONS: --input-type keeps a worker from starting, --import slows it down.
    execArgv: [],
    env: {},
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    workerData: { ...data, module: new URL(module, import.meta.url).href },
    transferList: [data.port],
  });
  worker.unref();
  return worker;
}

export function newWords(count: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
}

export function threadLost(path: string, how: string): DbError {
  return new DbError("IO", `the checkpoint worker of ${path} ${how}: close the database and open it again`, { path });
}
