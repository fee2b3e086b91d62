/**
 * Who does the work of a checkpoint: a worker thread beside the application, or the application's own thread in steps.
 *
 * One job runs at a time. The owner starts it, may wait for a share of it (backpressure), and takes the outcome when it
 * is there, by asking or by being called. A job that failed before its meta page was touched has changed nothing.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { Clock } from "../clock.ts";
import { DbError, type DbErrorCode, type DbErrorFacts } from "../errors.ts";
import type { Backend, Extent } from "../pager/index.ts";
import { type CheckpointInput, CheckpointJob, type CheckpointResult } from "./checkpoint-job.ts";
import {
  decodeResult,
  type EncodedOutcome,
  encodeInput,
  PROGRESS_SCALE,
  STATUS_ENDED,
  STATUS_HURRIED,
  STATUS_PROGRESS,
  STATUS_RUNNING,
  STATUS_WORDS,
} from "./checkpoint-message.ts";

export type CheckpointOutcome =
  | { readonly ok: true; readonly result: CheckpointResult }
  /** `isMetaUncertain`: which of two versions an opening database would find is not known. */
  | { readonly ok: false; readonly error: unknown; readonly isMetaUncertain: boolean };

export interface CheckpointRunner {
  readonly isRunning: boolean;
  /** Whether a job gets on while the caller does nothing, or pauses. */
  readonly isBeside: boolean;
  /** How much of the running job is done, 0 to 1. */
  readonly progress: number;
  start(input: CheckpointInput): void;
  /** The caller wrote these pages itself. */
  noteWritten(pages: readonly Extent[]): void;
  /** The caller cut the files down to so many pages, and may make them longer again itself. */
  noteCut(pageCount: number): void;
  /** The job is to begin nothing that can wait. */
  hurry(): void;
  /** Waits, or works, until `share` of the job is done, for about `maxMs` at the most. */
  advance(share: number, maxMs: number): void;
  /** The outcome, once; undefined while the job runs. */
  take(): CheckpointOutcome | undefined;
  /** After the running job, if there is one, has ended. */
  close(): void;
}

/** A turn ends after so long, however few its steps were: some take as long as a hundred others. */
const TURN_MS = 3;

export class InlineRunner implements CheckpointRunner {
  readonly #clock: Clock;
  readonly #stepsPerTurn: number;
  readonly #onDone: () => void;
  #job: CheckpointJob | undefined;
  #steps: Generator<void, CheckpointResult> | undefined;
  #outcome: CheckpointOutcome | undefined;
  #cancelTurn: (() => void) | undefined;
  #progress: number;
  #isHurried: boolean;

  constructor(clock: Clock, stepsPerTurn: number, onDone: () => void) {
    this.#clock = clock;
    this.#stepsPerTurn = stepsPerTurn;
    this.#onDone = onDone;
    this.#job = undefined;
    this.#steps = undefined;
    this.#outcome = undefined;
    this.#cancelTurn = undefined;
    this.#progress = 0;
    this.#isHurried = false;
  }

  get isRunning(): boolean {
    return this.#steps !== undefined;
  }

  get isBeside(): boolean {
    return false;
  }

  get progress(): number {
    return this.#progress;
  }

  start(input: CheckpointInput): void {
    this.#progress = 0;
    this.#isHurried = false;
    this.#job = new CheckpointJob({
      ...input,
      isHurried: () => this.#isHurried,
      onProgress: (share) => {
        this.#progress = share;
      },
    });
    this.#steps = this.#job.steps();
    this.#scheduleTurn();
  }

  /** The job has the caller's page file, which knows. */
  noteWritten(): void {}

  noteCut(): void {}

  hurry(): void {
    this.#isHurried = true;
  }

  advance(share: number, maxMs: number): void {
    const endMs = this.#clock.now() + maxMs;
    while (this.#steps !== undefined && this.#progress < share && this.#clock.now() < endMs) {
      this.#step();
    }
  }

  take(): CheckpointOutcome | undefined {
    const outcome = this.#outcome;
    this.#outcome = undefined;
    return outcome;
  }

  close(): void {
    this.#cancelTurn?.();
    this.#steps = undefined;
  }

  #scheduleTurn(): void {
    this.#cancelTurn = this.#clock.after(0, () => {
      const endMs = this.#clock.now() + TURN_MS;
      let stepsLeft = this.#stepsPerTurn;
      while (stepsLeft > 0 && this.#steps !== undefined && this.#clock.now() < endMs) {
        this.#step();
        stepsLeft--;
      }
      if (this.#steps !== undefined) {
        this.#scheduleTurn();
      } else {
        this.#onDone();
      }
    });
  }

  #step(): void {
    try {
      const { done, value } = this.#steps!.next();
      if (!done) {
        return;
      }
      this.#outcome = { ok: true, result: value };
    } catch (error) {
      this.#outcome = { ok: false, error, isMetaUncertain: this.#job!.isMetaTouched };
    }
    this.#steps = undefined;
    this.#job = undefined;
    this.#progress = 1;
  }
}

/** A job allocates little; the usual 48 MB of young heap would be most of what the worker costs (26 MB less, measured). */
const WORKER_YOUNG_GENERATION_MB = 4;

/** A job that gets on by nothing for so long, while the thread waits for it and hears no events, has lost its worker. */
const MAX_STILL_MS = 5 * 60 * 1000;

/**
 * What the worker runs first. Its module may be missing, or not load, or the worker may end in the middle; whoever waits
 * for the job sits in Atomics.wait and gets no events, so the one is told like an outcome, the other by the status.
 */
const START_WORKER = `
const { workerData } = require("node:worker_threads");
const { port, status, module } = workerData;
process.once("exit", () => {
  Atomics.store(status, ${STATUS_ENDED}, 1);
  Atomics.store(status, ${STATUS_RUNNING}, 0);
  Atomics.notify(status, ${STATUS_RUNNING});
});
import(module).catch((error) => {
  const { message, code } = error;
  Atomics.store(status, ${STATUS_RUNNING}, 0);
  port.postMessage({ notStarted: { message, code } });
  Atomics.notify(status, ${STATUS_RUNNING});
});`;

interface NotStarted {
  readonly notStarted: { readonly message: string; readonly code: string | undefined };
}

export class WorkerRunner implements CheckpointRunner {
  readonly #directory: string;
  readonly #backend: Backend;
  readonly #cacheBytes: number;
  readonly #fileBytes: number;
  readonly #onDone: () => void;
  /** Each worker's own: one that ends late tells nothing of the next. */
  #status: Int32Array;
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
    this.#status = newStatus();
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

  get progress(): number {
    return Atomics.load(this.#status, STATUS_PROGRESS) / PROGRESS_SCALE;
  }

  start(input: CheckpointInput): void {
    const port = this.#connect();
    this.#isRunning = true;
    Atomics.store(this.#status, STATUS_PROGRESS, 0);
    Atomics.store(this.#status, STATUS_HURRIED, 0);
    Atomics.store(this.#status, STATUS_RUNNING, 1);
    port.postMessage(encodeInput(input, this.#rewritten, this.#cutTo));
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
    Atomics.store(this.#status, STATUS_HURRIED, 1);
  }

  advance(share: number, maxMs: number): void {
    let progress = this.progress;
    let stillMs = 0;
    for (let waitedMs = 0; waitedMs < maxMs && this.isRunning && this.progress < share; waitedMs++) {
      const hasWaited = Atomics.wait(this.#status, STATUS_RUNNING, 1, 1) === "timed-out";
      stillMs = this.progress > progress ? 0 : stillMs + Number(hasWaited);
      progress = this.progress;
      // It sends its last message before it ends: with the one and without the other it has ended in the middle.
      const hasEnded = Atomics.load(this.#status, STATUS_ENDED) === 1 && this.isRunning;
      if (hasEnded || stillMs >= MAX_STILL_MS) {
        this.#lose(lost(this.#directory, hasEnded ? "has ended" : `has done nothing for ${MAX_STILL_MS / 1000} s`));
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
    this.#status = newStatus();
    const worker = new Worker(START_WORKER, {
      eval: true,
      name: "nacre checkpoint",
      // Not the program's flags and NODE_OPTIONS: --input-type keeps a worker from starting, --import slows it down.
      execArgv: [],
      env: {},
      resourceLimits: { maxYoungGenerationSizeMb: WORKER_YOUNG_GENERATION_MB },
      workerData: {
        module: new URL("./checkpoint-worker.js", import.meta.url).href,
        port: port2,
        status: this.#status,
        directory: this.#directory,
        backend: this.#backend,
        cacheBytes: this.#cacheBytes,
        fileBytes: this.#fileBytes,
      },
      transferList: [port2],
    });
    worker.on("error", (error) => this.#workerDied(worker, error));
    worker.on("exit", (code) => {
      this.#workerDied(worker, lost(this.#directory, `ended with exit code ${code}`));
    });
    worker.unref();
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
    this.#isRunning = false;
    if ("notStarted" in message) {
      this.#dropWorker();
      this.#outcome = { ok: false, error: notStarted(this.#directory, message.notStarted), isMetaUncertain: false };
      return;
    }
    this.#outcome = message.ok
      ? { ok: true, result: decodeResult(message.result) }
      : { ok: false, error: reviveError(message), isMetaUncertain: message.isMetaUncertain };
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

function newStatus(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(STATUS_WORDS * Int32Array.BYTES_PER_ELEMENT));
}

function reviveError(failure: { code: DbErrorCode; message: string; facts: DbErrorFacts; cause: unknown }): DbError {
  return new DbError(failure.code, failure.message, failure.facts, { cause: failure.cause });
}

function lost(path: string, how: string): DbError {
  return new DbError("IO", `the checkpoint worker of ${path} ${how}: close the database and open it again`, { path });
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
