/**
 * A packed page being filled (the layout is in packed-page.ts): payloads come in key order, and the page is encoded once.
 *
 * With a single leaf it is encoded as that leaf, unpacked: the page would take no less space otherwise.
 */
import { assert } from "../assert.ts";
import { copyBytes } from "../bytes.ts";
import { PAGE_BIRTH, PAGE_SIZE, type PageView } from "../pager/index.ts";
import { expand } from "./compression.ts";
import type { PageDraft } from "./draft.ts";
import { decodeLeaf } from "./leaf-stream.ts";
import {
  DIRECTORY_ENTRY_BYTES,
  directoryEntry,
  LEAF_CODEC,
  LEAF_ENTRIES,
  MAX_PACKED_LEAVES,
  PACKED_LEAVES,
  PAYLOAD_LENGTH,
  PAYLOAD_OFFSET,
  SEPARATOR_LENGTH,
  SEPARATOR_OFFSET,
  STREAM_LENGTH,
} from "./packed-page.ts";
import {
  KIND_PACKED,
  MAX_KEY_BYTES,
  PAGE_COUNT,
  PAGE_HEADER_BYTES,
  PAGE_KIND,
  PAGE_LEVEL,
  PAGE_PREFIX_LENGTH,
  PAGE_PREFIX_START,
} from "./page.ts";

export class PackedDraft {
  /** Leaves so far, and their entries. */
  count: number;
  entries: number;
  /** The first leaf's separator, which is the page's. */
  readonly separator: Uint8Array;
  separatorLength: number;
  readonly #separators: Uint8Array;
  readonly #payloads: Uint8Array;
  #separatorBytes: number;
  #payloadBytes: number;
  readonly #separatorLengths: Uint16Array;
  readonly #payloadLengths: Uint16Array;
  readonly #streamLengths: Uint16Array;
  readonly #leafEntries: Uint16Array;
  readonly #codecs: Uint8Array;

  constructor() {
    this.count = 0;
    this.entries = 0;
    this.separator = new Uint8Array(MAX_KEY_BYTES);
    this.separatorLength = 0;
    this.#separators = new Uint8Array(PAGE_SIZE);
    this.#payloads = new Uint8Array(PAGE_SIZE);
    this.#separatorBytes = 0;
    this.#payloadBytes = 0;
    this.#separatorLengths = new Uint16Array(MAX_PACKED_LEAVES);
    this.#payloadLengths = new Uint16Array(MAX_PACKED_LEAVES);
    this.#streamLengths = new Uint16Array(MAX_PACKED_LEAVES);
    this.#leafEntries = new Uint16Array(MAX_PACKED_LEAVES);
    this.#codecs = new Uint8Array(MAX_PACKED_LEAVES);
  }

  /** Whether it has as many leaves as a page may have. */
  get isFull(): boolean {
    return this.count === MAX_PACKED_LEAVES;
  }

  clear(): void {
    this.count = 0;
    this.entries = 0;
    this.#separatorBytes = 0;
    this.#payloadBytes = 0;
  }

  /** How many bytes the payload of this leaf may have; less than 0 if not even its separator fits. */
  roomFor(leaf: PageDraft): number {
    const separatorBytes = this.#separatorBytes + (this.count === 0 ? 0 : leaf.separatorLength);
    return (
      PAGE_SIZE - PAGE_HEADER_BYTES - DIRECTORY_ENTRY_BYTES * (this.count + 1) - separatorBytes - this.#payloadBytes
    );
  }

  /** Adds the payload of the first `entries` entries of a leaf. */
  add(leaf: PageDraft, entries: number, codec: number, payload: Uint8Array, streamLength: number): void {
    assert(!this.isFull && payload.length <= this.roomFor(leaf), "B10: the payloads of a page fit into it");
    const at = this.count;
    if (at === 0) {
      copyBytes(leaf.separator, 0, this.separator, 0, leaf.separatorLength);
      this.separatorLength = leaf.separatorLength;
      this.#separatorLengths[0] = 0;
    } else {
      copyBytes(leaf.separator, 0, this.#separators, this.#separatorBytes, leaf.separatorLength);
      this.#separatorLengths[at] = leaf.separatorLength;
      this.#separatorBytes += leaf.separatorLength;
    }
    copyBytes(payload, 0, this.#payloads, this.#payloadBytes, payload.length);
    this.#payloadLengths[at] = payload.length;
    this.#payloadBytes += payload.length;
    this.#streamLengths[at] = streamLength;
    this.#leafEntries[at] = entries;
    this.#codecs[at] = codec;
    this.entries += entries;
    this.count++;
  }

  /** Writes the page, all but its checksum and number, at `base`. */
  encode(view: PageView, base: number, birth: number): void {
    const { u8, u16, u32 } = view;
    assert(this.count > 0, "B8: no page is empty");
    u32[(base + PAGE_BIRTH) >> 2] = birth;
    if (this.count === 1) {
      this.#encodeLeaf(view, base);
      return;
    }
    u8[base + PAGE_KIND] = KIND_PACKED;
    u8[base + PAGE_LEVEL] = 0;
    u16[(base + PAGE_COUNT) >> 1] = this.entries;
    u16[(base + PAGE_PREFIX_LENGTH) >> 1] = 0;
    u16[(base + PACKED_LEAVES) >> 1] = this.count;
    u32[(base + PAGE_PREFIX_START) >> 2] = 0;
    const separators = PAGE_HEADER_BYTES + DIRECTORY_ENTRY_BYTES * this.count;
    const payloads = separators + this.#separatorBytes;
    let separator = separators;
    let payload = payloads;
    for (let i = 0; i < this.count; i++) {
      const entry = directoryEntry(base, i + 1);
      u16[(entry + PAYLOAD_OFFSET) >> 1] = payload;
      u16[(entry + PAYLOAD_LENGTH) >> 1] = this.#payloadLengths[i]!;
      u16[(entry + STREAM_LENGTH) >> 1] = this.#streamLengths[i]!;
      u16[(entry + LEAF_ENTRIES) >> 1] = this.#leafEntries[i]!;
      u16[(entry + SEPARATOR_OFFSET) >> 1] = separator;
      u16[(entry + SEPARATOR_LENGTH) >> 1] = this.#separatorLengths[i]!;
      u8[entry + LEAF_CODEC] = this.#codecs[i]!;
      u8[entry + LEAF_CODEC + 1] = 0;
      separator += this.#separatorLengths[i]!;
      payload += this.#payloadLengths[i]!;
    }
    copyBytes(this.#separators, 0, u8, base + separators, this.#separatorBytes);
    copyBytes(this.#payloads, 0, u8, base + payloads, this.#payloadBytes);
    u8.fill(0, base + payload, base + PAGE_SIZE);
  }

  #encodeLeaf(view: PageView, base: number): void {
    const payload = this.#payloads.subarray(0, this.#payloadBytes);
    const stream = expand(this.#codecs[0]!, payload, this.#streamLengths[0]!);
    const isWhole = stream !== undefined && decodeLeaf(stream, this.#leafEntries[0]!, view, base);
    assert(isWhole, "B10: what was packed can be unpacked");
  }
}
