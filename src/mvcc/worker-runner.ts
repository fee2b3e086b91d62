/** Checkpoint jobs in a worker thread beside the application. */
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from "node:worker_threads";
import { DbError } from "../errors.ts";
import type { Backend, Extent } from "../pager/index.ts";
import type { CheckpointInput } from "./checkpoint-job.ts";
import {
  BEGIN_HELPER,
  decodeResult,
  type EncodedOutcome,
  encodeInput,
  PROGRESS_SCALE,
  STATUS_ALONE,
  STATUS_HURRIED,
  STATUS_PROGRESS,
  STATUS_STEPS,
  STATUS_WORDS,
} from "./checkpoint-message.ts";
import type { CheckpointOutcome, CheckpointRunner } from "./checkpoint-runner.ts";
import { decodeError } from "./encoded-error.ts";
import { type NotStarted, newWords, startThread, threadLost, WORD_ENDED, WORD_RUNNING } from "./worker-thread.ts";

/** A job that gets on by nothing for so long, while the thread waits for it and hears no events, has lost its worker. */
const MAX_STILL_MS = 5 * 60 * 1000;

export class WorkerRunner implements CheckpointRunner {
  readonly #directory: string;
  readonly #backend: Backend;
  readonly #cacheBytes: number;
  readonly #fileBytes: number;
  readonly #onDone: () => void;
  /** Each worker's own: one that ends late tells nothing of the next. */
  #words: Int32Array;
  #worker: Worker | undefined;
  #port: MessagePort | undefined;
  #outcome: CheckpointOutcome | undefined;
  #isRunning: boolean;
  /** What the worker has to know before its next job: pages to forget, and how short the files were meanwhile. */
  #rewritten: Extent[];
  #cutTo: number;

  constructor(directory: string, backend: Backend, cacheBytes: number, fileBytes: number, onDone: () => void) {
    this.#directory = directory;
    this.#backend = backend;
    this.#cacheBytes = cacheBytes;
    this.#fileBytes = fileBytes;
    this.#onDone = onDone;
    this.#words = newWords(STATUS_WORDS);
    this.#worker = undefined;
    this.#port = undefined;
    this.#outcome = undefined;
    this.#isRunning = false;
    this.#rewritten = [];
    this.#cutTo = Number.POSITIVE_INFINITY;
  }

  get isRunning(): boolean {
    this.#receive();
    return this.#isRunning;
  }

  get isBeside(): boolean {
    return true;
  }

  get hasHelper(): boolean {
    return Atomics.load(this.#words, STATUS_ALONE) === 0;
  }

  get progress(): number {
    return Atomics.load(this.#words, STATUS_PROGRESS) / PROGRESS_SCALE;
  }

  prepare(compacts: boolean): void {
    try {
      const port = this.#connect();
      if (compacts) {
        port.postMessage(BEGIN_HELPER);
      }
    } catch {
      // The job that comes will meet it, and tell.
    }
  }

  start(input: CheckpointInput): void {
    const port = this.#connect();
    const message = encodeInput(input, this.#rewritten, this.#cutTo);
    this.#isRunning = true;
    Atomics.store(this.#words, STATUS_PROGRESS, 0);
    Atomics.store(this.#words, STATUS_HURRIED, 0);
    Atomics.store(this.#words, WORD_RUNNING, 1);
    port.postMessage(message);
    this.#rewritten = [];
    this.#cutTo = Number.POSITIVE_INFINITY;
  }

  noteWritten(pages: readonly Extent[]): void {
    this.#rewritten.push(...pages);
  }

  noteCut(pageCount: number): void {
    this.#cutTo = Math.min(this.#cutTo, pageCount);
  }

  hurry(): void {
    Atomics.store(this.#words, STATUS_HURRIED, 1);
  }

  advance(share: number, maxMs: number): void {
    let steps = Atomics.load(this.#words, STATUS_STEPS);
    let stillMs = 0;
    for (let waitedMs = 0; waitedMs < maxMs && this.isRunning && this.progress < share; waitedMs++) {
      const hasWaited = Atomics.wait(this.#words, WORD_RUNNING, 1, 1) === "timed-out";
      const stepsNow = Atomics.load(this.#words, STATUS_STEPS);
      stillMs = stepsNow !== steps ? 0 : stillMs + Number(hasWaited);
      steps = stepsNow;
      // It sends its last message before it ends: with the one and without the other it has ended in the middle.
      const hasEnded = Atomics.load(this.#words, WORD_ENDED) === 1 && this.isRunning;
      if (hasEnded || stillMs >= MAX_STILL_MS) {
        this.#lose(
          threadLost(this.#directory, hasEnded ? "has ended" : `has done nothing for ${MAX_STILL_MS / 1000} s`),
        );
      }
    }
  }

  take(): CheckpointOutcome | undefined {
    this.#receive();
    const outcome = this.#outcome;
    this.#outcome = undefined;
    return outcome;
  }

  close(): void {
    this.#isRunning = false;
    this.#dropWorker();
  }

  #dropWorker(): void {
    this.#port?.close();
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#port = undefined;
  }

  #connect(): MessagePort {
    if (this.#port !== undefined) {
      return this.#port;
    }
    const { port1, port2 } = new MessageChannel();
    this.#words = newWords(STATUS_WORDS);
    const worker = startThread("checkpoint", "./checkpoint-worker.js", {
      port: port2,
      words: this.#words,
      directory: this.#directory,
      backend: this.#backend,
      cacheBytes: this.#cacheBytes,
      fileBytes: this.#fileBytes,
    });
    worker.on("error", (error) => this.#workerDied(worker, error));
    worker.on("exit", (code) => {
      this.#workerDied(worker, threadLost(this.#directory, `ended with exit code ${code}`));
    });
    this.#worker = worker;
    port1.on("message", (message: EncodedOutcome | NotStarted) => {
      this.#settle(message);
      this.#onDone();
    });
    port1.unref();
    this.#port = port1;
    return port1;
  }

  #receive(): void {
    if (this.#isRunning && this.#port !== undefined) {
      const received = receiveMessageOnPort(this.#port);
      if (received !== undefined) {
        this.#settle(received.message as EncodedOutcome | NotStarted);
      }
    }
  }

  #settle(message: EncodedOutcome | NotStarted): void {
    const wasRunning = this.#isRunning;
    this.#isRunning = false;
    if ("notStarted" in message) {
      this.#dropWorker();
      if (!wasRunning) {
        // The next job begins a worker anew, and meets it itself.
        return;
      }
      this.#outcome = { ok: false, error: notStarted(this.#directory, message.notStarted), isMetaUncertain: false };
      return;
    }
    this.#outcome = message.ok
      ? { ok: true, result: decodeResult(message.result), ms: message.ms }
      : { ok: false, error: decodeError(message.error), isMetaUncertain: message.isMetaUncertain };
  }

  #workerDied(worker: Worker, error: unknown): void {
    if (worker !== this.#worker) {
      return;
    }
    const wasRunning = this.#isRunning;
    this.#lose(error);
    if (wasRunning) {
      this.#onDone();
    }
  }

  /** A worker that is gone may have switched the meta page and not been able to say so. */
  #lose(error: unknown): void {
    this.#dropWorker();
    if (this.#isRunning) {
      this.#isRunning = false;
      this.#outcome = { ok: false, error, isMetaUncertain: true };
    }
  }
}

function notStarted(path: string, { message, code }: NotStarted["notStarted"]): DbError {
  return code === "ERR_MODULE_NOT_FOUND"
    ? new DbError(
        "UNSUPPORTED",
        `the checkpoint worker of ${path} has no code to run (${message}); leave nacre external where you bundle`,
        { path },
      )
    : new DbError("IO", `the checkpoint worker of ${path} could not start: ${message}`, { path });
}
