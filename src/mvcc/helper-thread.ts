/**
 * A compaction helper in a thread of its own, as the checkpoint worker has it.
 *
 * The worker hears no events while a job runs: what the helper wants is in shared words, what it has done comes through a port
 * that is asked. Where no such thread is to be had it never gets ready, and the job does everything itself.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from "node:worker_threads";
import type { Backend } from "../pager/index.ts";
import type { HelperLink, TaskOutcome } from "./compaction-helper.ts";
import type { AskForPages, EncodedTask } from "./compaction-task.ts";
import { decodeError } from "./encoded-error.ts";
import {
  ASKED_NOTHING,
  ASKED_RUN,
  type EncodedTaskOutcome,
  HELPER_ASKED,
  HELPER_CANCELLED,
  HELPER_COUNT,
  HELPER_FIRST,
  HELPER_SIGNAL,
  HELPER_WORDS,
} from "./helper-message.ts";
import { type NotStarted, newWords, startThread, threadLost, WORD_ENDED, WORD_RUNNING } from "./worker-thread.ts";

export interface HelperPlace {
  readonly directory: string;
  readonly backend: Backend;
  readonly cacheBytes: number;
  readonly fileBytes: number;
}

const WAIT_MS = 5;
/** A task that neither ends nor asks for anything for so long has lost its thread. */
const MAX_STILL_MS = 4 * 60 * 1000;

export class HelperThread implements HelperLink {
  readonly #place: HelperPlace;
  readonly #words: Int32Array;
  #port: MessagePort | undefined;
  #worker: Worker | undefined;
  #state: "none" | "starting" | "ready" | "gone";
  #signal: number;
  #stillMs: number;

  constructor(place: HelperPlace) {
    this.#place = place;
    this.#words = newWords(HELPER_WORDS);
    this.#port = undefined;
    this.#worker = undefined;
    this.#state = "none";
    this.#signal = 0;
    this.#stillMs = 0;
  }

  get isReady(): boolean {
    if (this.#state === "starting") {
      const received = receiveMessageOnPort(this.#port!) as { message: NotStarted | "ready" } | undefined;
      if (received !== undefined) {
        this.#state = received.message === "ready" ? "ready" : "gone";
      }
    }
    return this.#state === "ready" && !this.hasEnded;
  }

  /** None is to be had, or it was lost. */
  get isGone(): boolean {
    return !this.isReady && (this.hasEnded || this.#state === "gone");
  }

  get hasEnded(): boolean {
    return Atomics.load(this.#words, WORD_ENDED) === 1;
  }

  /** Starts the thread, unless that was done. */
  begin(): void {
    if (this.#state !== "none") {
      return;
    }
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    port1.unref();
    try {
      const data = { port: port2, words: this.#words, ...this.#place };
      const worker = startThread("compaction", "./compaction-worker.js", data);
      // Heard between jobs; that it ended is known from the word before.
      worker.on("error", () => {
        this.#state = "gone";
      });
      this.#worker = worker;
      this.#state = "starting";
    } catch {
      this.#state = "gone";
    }
  }

  start(task: EncodedTask): void {
    this.#stillMs = 0;
    Atomics.store(this.#words, HELPER_ASKED, ASKED_NOTHING);
    Atomics.store(this.#words, HELPER_CANCELLED, 0);
    Atomics.store(this.#words, WORD_RUNNING, 1);
    this.#port!.postMessage(task);
  }

  poll(ask: AskForPages): TaskOutcome | undefined {
    const asked = Atomics.load(this.#words, HELPER_ASKED);
    if (asked !== ASKED_NOTHING) {
      this.#answer(ask, asked === ASKED_RUN);
    }
    if (Atomics.load(this.#words, WORD_RUNNING) === 1) {
      return undefined;
    }
    const received = receiveMessageOnPort(this.#port!) as { message: EncodedTaskOutcome } | undefined;
    if (received === undefined) {
      return undefined;
    }
    const { message } = received;
    return message.ok ? message : { ok: false, error: decodeError(message.error) };
  }

  wait(): void {
    const isStill = Atomics.wait(this.#words, HELPER_SIGNAL, this.#signal, WAIT_MS) === "timed-out";
    this.#signal = Atomics.load(this.#words, HELPER_SIGNAL);
    this.#stillMs = isStill ? this.#stillMs + WAIT_MS : 0;
    if (this.hasEnded || this.#stillMs >= MAX_STILL_MS) {
      this.#state = "gone";
      throw threadLost(this.#place.directory, this.hasEnded ? "has lost a thread" : "has a thread that does nothing");
    }
  }

  cancel(): void {
    Atomics.store(this.#words, HELPER_CANCELLED, 1);
  }

  /** It is gone when the promise has resolved. A thread that ends takes its own with it. */
  async end(): Promise<void> {
    this.#state = "gone";
    await this.#worker?.terminate();
  }

  #answer(ask: AskForPages, isExact: boolean): void {
    let first = 0;
    let count = 0;
    try {
      ({ first, count } = ask(Atomics.load(this.#words, HELPER_COUNT), isExact));
    } catch {
      // Whoever was asked knows why; the helper is told that it gets none.
    }
    Atomics.store(this.#words, HELPER_FIRST, first);
    Atomics.store(this.#words, HELPER_COUNT, count);
    Atomics.store(this.#words, HELPER_ASKED, ASKED_NOTHING);
    Atomics.notify(this.#words, HELPER_ASKED);
  }
}
