/**
 * Which pages the next checkpoint job moves down, so that the file can end earlier: those that somebody asked for (compact), at
 * rest those that compactions of runs have left a file too large with, and otherwise a few where much is free.
 */
import { PAGE_SIZE } from "../pager/index.ts";
import type { PageSpace } from "./checkpoint-host.ts";
import { NO_RELOCATION, type Relocation, type ValueMoves } from "./checkpoint-job.ts";
import type { PageLedger } from "./page-ledger.ts";

/** Somebody waits for pages to be moved. */
export interface RelocationRequest {
  readonly values: ValueMoves;
  readonly resolve: (space: PageSpace) => void;
  readonly reject: (cause: unknown) => void;
}

const RELOCATE_PAGES_PER_CHECKPOINT = 2048;
/** On request, a job empties the last so many pages of the file: 32 MiB, a fraction of a second. */
const RELOCATE_PAGES_ON_REQUEST = 4096;
/** At rest a file is cut to size when it is larger than it has to be by a quarter, and a few pages; then as far as this pays. */
const TRIM_FROM = 1.25;
const TRIM_TO = 1.02;
const TRIM_PAGES = 8;
/** A job that makes the file shorter by less than a hundredth, or a quarter of what it tried, is not followed by another one. */
const LEAST_GAIN = 0.01;
const LEAST_GAIN_PAGES: number = RELOCATE_PAGES_ON_REQUEST / 4;

export class Relocations {
  readonly #ledger: PageLedger;
  #request: RelocationRequest | undefined;
  /** It has begun, and nothing has changed since. */
  #isTrimming: boolean;
  /** Too little came of it. */
  #isTrimmed: boolean;

  constructor(ledger: PageLedger) {
    this.#ledger = ledger;
    this.#request = undefined;
    this.#isTrimming = false;
    this.#isTrimmed = false;
  }

  /** Whether somebody waits for the next job. */
  get isAwaited(): boolean {
    return this.#request !== undefined;
  }

  /** Free bytes that trimming would take off the file. */
  get wasteBytes(): number {
    const { used } = this.#ledger.space;
    const { pageCount } = this.#ledger.meta;
    const isWorthIt = !this.#isTrimmed && pageCount > used * (this.#isTrimming ? TRIM_TO : TRIM_FROM) + TRIM_PAGES;
    return isWorthIt ? (pageCount - used) * PAGE_SIZE : 0;
  }

  /** For the next job; there is no other request. The returned function takes it back, if it has not begun. */
  ask(request: RelocationRequest): (reason: unknown) => void {
    this.#request = request;
    return (reason) => {
      if (this.#request === request) {
        this.refuse(reason);
      }
    };
  }

  /** What the job that begins now is to answer; with `mayTrim`, by itself if nobody asked. */
  take(mayTrim: boolean): RelocationRequest | undefined {
    const request = this.#request ?? (mayTrim && this.wasteBytes > 0 ? this.#trim() : undefined);
    this.#request = undefined;
    return request;
  }

  /** A job begins that changes what is in pages: trimming may be worth it again. */
  changed(): void {
    this.#isTrimming = false;
    this.#isTrimmed = false;
  }

  /** No job will come for who has asked for the next one. */
  refuse(cause: unknown): void {
    this.#request?.reject(cause);
    this.#request = undefined;
  }

  /** What a job moves. Pages that no snapshot needs are free already. */
  of(request: RelocationRequest | undefined): Relocation {
    if (request === undefined) {
      return { ...NO_RELOCATION, pages: RELOCATE_PAGES_PER_CHECKPOINT };
    }
    const { used } = this.#ledger.space;
    const end = this.#ledger.cutTail();
    const from = request.values !== "stay" ? used : Math.max(used, end - RELOCATE_PAGES_ON_REQUEST);
    const all = Number.POSITIVE_INFINITY;
    return { pages: all, movesRuns: true, from, values: request.values };
  }

  #trim(): RelocationRequest {
    const { end } = this.#ledger.space;
    this.#isTrimming = true;
    return {
      values: "stay",
      resolve: (space) => {
        this.#isTrimmed = end - space.end < Math.min(LEAST_GAIN_PAGES, end * LEAST_GAIN);
      },
      reject: () => {
        this.#isTrimmed = true;
      },
    };
  }
}
