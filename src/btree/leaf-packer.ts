/**
 * Packs leaves into pages: takes complete leaves from the left to the right, and writes a page when no more fits.
 *
 *     leaf ─▶ stream ─▶ payload ─▶ [ page: payload │ payload │ payload … ] ─▶ page run, and the level above
 *
 * A page is to be filled well. When the next leaf would not fit, only as many of its entries are taken as do, from what
 * pages before came to; the rest begins the next leaf. One more try or two, and what is left of the page is given up.
 *
 * Leaves that do not compress are written as plain ones, and of those that follow only every eighth is tried, then fewer, in
 * the end every 128th: what is random costs next to nothing. So is a page that would hold a single leaf: it would take no less space packed.
 */
import { PAGE_SIZE } from "../pager/index.ts";
import { CODEC_STORED, compress, requireCodec } from "./compression.ts";
import type { PageDraft } from "./draft.ts";
import { encodeLeaf } from "./leaf-stream.ts";
import { PackedDraft } from "./packed-draft.ts";
import type { PageRun } from "./page-run.ts";

/** Told of each page that was written: what its parent will know it by. */
export type PageSink = (separator: Uint8Array, separatorLength: number, page: number, entries: number) => void;

/** A page with less room than this is complete. */
const LEAST_ROOM_BYTES = 320;
/** How often the entries of one leaf are compressed to find out how many fit. */
const TRIES = 3;
/** After a leaf that did not compress, so many are not tried; twice as many after the next one in turn. */
const UNTRIED_LEAVES = 7;
const MOST_UNTRIED_LEAVES = 127;
/** What is cut is aimed a little short of the room that there is: too much is a try in vain. */
const AIM = 0.98;

export class LeafPacker {
  readonly #run: PageRun;
  readonly #codec: number;
  readonly #onPage: PageSink;
  readonly #page: PackedDraft;
  readonly #stream: Uint8Array;
  #streamLength: number;
  /** Bytes of payload for each byte of a leaf: of whole leaves, and of those that were cut. */
  #ratio: number;
  #cutRatio: number;
  /** How many of the next leaves are not tried, and how many after the next that does not compress. */
  #untried: number;
  #untriedNext: number;

  /** Throws UNSUPPORTED if the codec is not to be had. */
  constructor(run: PageRun, codec: number, onPage: PageSink) {
    requireCodec(codec);
    this.#run = run;
    this.#codec = codec;
    this.#onPage = onPage;
    this.#page = new PackedDraft();
    this.#stream = new Uint8Array(PAGE_SIZE);
    this.#streamLength = 0;
    this.#ratio = 0;
    this.#cutRatio = 0;
    this.#untried = 0;
    this.#untriedNext = UNTRIED_LEAVES;
  }

  /** Takes a complete leaf, or as many of its first entries as fit; returns how many. */
  add(leaf: PageDraft): number {
    if (this.#untried > 0) {
      this.#untried--;
      this.#writePlain(leaf);
      return leaf.count;
    }
    return this.#page.count > 0 && this.#ratio * leaf.sizeBytes > this.#page.roomFor(leaf)
      ? this.#addCut(leaf, leaf.splitAt(this.#cutSize(leaf)))
      : this.#addWhole(leaf);
  }

  /** Writes what is waiting. */
  flush(): void {
    const page = this.#page;
    if (page.count > 0) {
      this.#onPage(page.separator, page.separatorLength, this.#run.put(page), page.entries);
      page.clear();
    }
  }

  #addWhole(leaf: PageDraft): number {
    const room = this.#page.roomFor(leaf);
    const payload = this.#pack(leaf, leaf.count);
    if (payload.length > this.#streamLength - (this.#streamLength >>> 3)) {
      this.#untried = this.#untriedNext;
      this.#untriedNext = Math.min(2 * this.#untriedNext + 1, MOST_UNTRIED_LEAVES);
      if (this.#page.count === 0 || this.#streamLength > room) {
        this.#writePlain(leaf);
      } else {
        this.#take(leaf, leaf.count, CODEC_STORED, this.#stream.subarray(0, this.#streamLength), this.#streamLength);
      }
      return leaf.count;
    }
    this.#untriedNext = UNTRIED_LEAVES;
    this.#ratio = payload.length / leaf.sizeBytes;
    if (payload.length > room) {
      return this.#addCut(leaf, leaf.splitAt(this.#cutSize(leaf)));
    }
    this.#take(leaf, leaf.count, this.#codec, payload, this.#streamLength);
    return leaf.count;
  }

  /** Takes the first entries, about `guess` of them. */
  #addCut(leaf: PageDraft, guess: number): number {
    const room = this.#page.roomFor(leaf);
    let best: Uint8Array | undefined;
    let bestLength = 0;
    let fitting = 0;
    let tooMany = leaf.count + 1;
    let count = guess;
    for (let tries = 0; tries < TRIES && count > fitting && count < tooMany; tries++) {
      const payload = this.#pack(leaf, count);
      const size = leaf.sizeBefore(count);
      this.#cutRatio = payload.length / size;
      if (payload.length <= room) {
        best = payload;
        bestLength = this.#streamLength;
        fitting = count;
        if (room - payload.length < LEAST_ROOM_BYTES) {
          break;
        }
      } else {
        tooMany = count;
      }
      count = leaf.splitAt((size * room * AIM) / payload.length);
    }
    if (best === undefined) {
      this.flush();
      return this.#addWhole(leaf);
    }
    this.#take(leaf, fitting, this.#codec, best, bestLength);
    if (fitting < leaf.count) {
      this.flush();
    }
    return fitting;
  }

  #cutSize(leaf: PageDraft): number {
    return (this.#page.roomFor(leaf) * AIM) / Math.max(this.#ratio, this.#cutRatio);
  }

  #take(leaf: PageDraft, count: number, codec: number, payload: Uint8Array, streamLength: number): void {
    const page = this.#page;
    page.add(leaf, count, codec, payload, streamLength);
    if (page.isFull || page.roomFor(leaf) < LEAST_ROOM_BYTES) {
      this.flush();
    }
  }

  #pack(leaf: PageDraft, count: number): Uint8Array {
    this.#streamLength = encodeLeaf(leaf, count, this.#stream);
    return compress(this.#codec, this.#stream.subarray(0, this.#streamLength));
  }

  #writePlain(leaf: PageDraft): void {
    this.flush();
    this.#onPage(leaf.separator, leaf.separatorLength, this.#run.put(leaf), leaf.count);
  }
}
