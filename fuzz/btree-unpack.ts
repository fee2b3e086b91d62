/**
 * Packed leaves with damaged bytes: unpacking them gives a leaf, or an error, and touches nothing else.
 *
 * A round packs random entries. What is unpacked from whole pages is, byte for byte, the leaves that a tree without
 * compression has. Then pages are damaged: any bytes of them, or the bytes of a stream, which is put back without
 * compression so that the damage gets past the codec. A leaf that comes of it has all its cells within its page.
 *
 *   changed-byte   a byte of a stream is another one before the leaves are compared
 *   wild-write     a byte next to the leaf is written to
 */
import { assert } from "../src/assert.ts";
import { CODEC_DEFLATE, CODEC_STORED, compress } from "../src/btree/compression.ts";
import { PageDraft } from "../src/btree/draft.ts";
import { decodeLeaf, encodeLeaf } from "../src/btree/leaf-stream.ts";
import { PackedDraft } from "../src/btree/packed-draft.ts";
import { unpackLeaf } from "../src/btree/packed-page.ts";
import {
  EXPIRY_BYTES,
  EXTENT_REFERENCE_BYTES,
  INFO_BYTES,
  INFO_DELETE,
  INFO_EXPIRY,
  INFO_LENGTH,
  INFO_MERGE,
  INFO_OVERFLOW,
  leafSlots,
  MAX_KEY_BYTES,
  PAGE_COUNT,
  PAGE_PREFIX_LENGTH,
} from "../src/btree/page.ts";
import { DbError } from "../src/errors.ts";
import { PAGE_BIRTH, PAGE_SIZE, type PageView, sealPage, viewOf } from "../src/pager/index.ts";
import type { Rng } from "../src/random.ts";
import { below, packedPuts } from "../test/btree/random-entries.ts";
import type { Fuzzer, FuzzOptions } from "./fuzzer.ts";

const BIRTH = 7;
const DAMAGES = 200;
const GUARD = 0xa5;

export const unpackFuzzer: Fuzzer = {
  name: "btree-unpack",
  canaries: ["changed-byte", "wild-write"],
  run(rng: Rng, options: FuzzOptions): void {
    const leaves = drawLeaves(rng);
    const room = new GuardedLeaf(options.canary === "wild-write");
    const page = viewOf(new ArrayBuffer(PAGE_SIZE), 0, PAGE_SIZE);
    const count = encodePage(leaves, page, rng, options.canary === "changed-byte");
    for (let i = 0; i < count; i++) {
      assert(room.unpack(page, i + 1), "what was packed can be unpacked");
      room.compare(leaves[i]!);
    }
    const packed = page.u8.slice();
    for (let round = 0; round < DAMAGES; round++) {
      page.u8.set(packed);
      for (let changes = 1 + below(rng, 4); changes > 0; changes--) {
        const from = below(rng, 2) === 0 ? PAGE_BIRTH : below(rng, PAGE_SIZE);
        page.u8[from + below(rng, Math.min(100, PAGE_SIZE - from))] = rng.next();
      }
      room.unpack(page, 1 + below(rng, 16));
      damageStream(rng, leaves[below(rng, leaves.length)]!, room);
    }
  },
};

/** Leaves of cells of every kind. */
function drawLeaves(rng: Rng): PageDraft[] {
  const leaves: PageDraft[] = [];
  let leaf = new PageDraft(0);
  leaf.clear();
  for (const { key, value } of packedPuts(rng, 600)) {
    const { flags, extra } = drawExtra(rng, value!.subarray(0, 1000));
    let at = leaf.addCell(key, 0, key.length, flags, extra.length, PAGE_SIZE);
    if (at < 0) {
      leaves.push(leaf);
      leaf = new PageDraft(0);
      leaf.clear();
      leaf.setSeparator(key, 0, Math.min(key.length, 8));
      at = leaf.addCell(key, 0, key.length, flags, extra.length, PAGE_SIZE);
    }
    leaf.u8.set(extra, at);
  }
  if (leaf.count === 0) {
    leaf.addCell(Uint8Array.of(1), 0, 1, 0, 0, PAGE_SIZE);
  }
  return [...leaves, leaf];
}

function drawExtra(rng: Rng, value: Uint8Array): { readonly flags: number; readonly extra: Uint8Array } {
  const fixed = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, () => rng.next());
  switch (below(rng, 12)) {
    case 0:
      return { flags: INFO_DELETE, extra: fixed(0) };
    case 1:
      return { flags: INFO_MERGE, extra: value };
    case 2:
      return { flags: INFO_EXPIRY, extra: Buffer.concat([fixed(EXPIRY_BYTES), value]) };
    case 3:
      return { flags: INFO_OVERFLOW, extra: fixed(EXTENT_REFERENCE_BYTES) };
    case 4:
      return { flags: INFO_OVERFLOW | INFO_EXPIRY, extra: fixed(EXPIRY_BYTES + EXTENT_REFERENCE_BYTES) };
    default:
      return { flags: 0, extra: value };
  }
}

/** Packs as many of the leaves as fit; how many did. */
function encodePage(leaves: readonly PageDraft[], page: PageView, rng: Rng, isChanged: boolean): number {
  const draft = new PackedDraft();
  const stream = new Uint8Array(PAGE_SIZE);
  for (const leaf of leaves) {
    const length = encodeLeaf(leaf, leaf.count, stream);
    if (isChanged) {
      stream[below(rng, length)]! ^= 1 + below(rng, 255);
    }
    const bytes = stream.slice(0, length);
    const codec = below(rng, 4) === 0 ? CODEC_STORED : CODEC_DEFLATE;
    const payload = codec === CODEC_STORED ? bytes : compress(codec, bytes);
    if (draft.isFull || draft.roomFor(leaf) < payload.length) {
      break;
    }
    draft.add(leaf, leaf.count, codec, payload, length);
  }
  if (draft.count > 0) {
    draft.encode(page, 0, BIRTH);
    sealPage(page.u8, 0, 2);
  }
  return draft.count === 1 ? 0 : draft.count;
}

/** Decodes a stream with some bytes changed, too many or too few. */
function damageStream(rng: Rng, leaf: PageDraft, room: GuardedLeaf): void {
  const stream = new Uint8Array(PAGE_SIZE);
  const length = encodeLeaf(leaf, leaf.count, stream);
  for (let changes = 1 + below(rng, 3); changes > 0; changes--) {
    const from = below(rng, 2) === 0 ? 0 : below(rng, length);
    stream[from + below(rng, Math.min(20, length - from))] = rng.next();
  }
  const end = below(rng, 3) === 0 ? below(rng, PAGE_SIZE) : length;
  const entries = below(rng, 4) === 0 ? below(rng, 0x1_0000) : leaf.count;
  room.decode(stream.subarray(0, end), entries);
}

/** Room for a leaf, with bytes before and behind it that nobody may touch. */
class GuardedLeaf {
  readonly #view: PageView;
  readonly #isWild: boolean;

  constructor(isWild: boolean) {
    this.#view = viewOf(new ArrayBuffer(3 * PAGE_SIZE), 0, 3 * PAGE_SIZE);
    this.#isWild = isWild;
  }

  /** False if the leaf cannot be unpacked. */
  unpack(page: PageView, part: number): boolean {
    const before = page.u8.slice();
    const isUnpacked = this.#guard(() => {
      try {
        unpackLeaf(page, 0, part, this.#view, PAGE_SIZE);
        return true;
      } catch (error) {
        // A damaged codec may be zstd's number, where there is none.
        if (error instanceof DbError && (error.code === "CORRUPT" || error.code === "UNSUPPORTED")) {
          return false;
        }
        throw error;
      }
    });
    assert(Buffer.compare(before, page.u8) === 0, "the packed page is left as it is");
    return isUnpacked;
  }

  decode(stream: Uint8Array, entries: number): void {
    this.#guard(() => decodeLeaf(stream, entries, this.#view, PAGE_SIZE));
  }

  /** The leaf is the page that the draft makes without compression, but for what sealing adds. */
  compare(leaf: PageDraft): void {
    const plain = viewOf(new ArrayBuffer(PAGE_SIZE), 0, PAGE_SIZE);
    leaf.encode(plain, 0, BIRTH);
    const unpacked = this.#view.u8.subarray(PAGE_SIZE + PAGE_BIRTH, 2 * PAGE_SIZE);
    assert(Buffer.compare(unpacked, plain.u8.subarray(PAGE_BIRTH)) === 0, "a leaf is what it was before it was packed");
  }

  #guard(unpack: () => boolean): boolean {
    const { u8 } = this.#view;
    u8.fill(GUARD);
    const isUnpacked = unpack();
    if (this.#isWild) {
      u8[2 * PAGE_SIZE] = 0;
    }
    for (let i = 0; i < PAGE_SIZE; i++) {
      assert(u8[i] === GUARD && u8[2 * PAGE_SIZE + i] === GUARD, "nothing is written beside the leaf");
    }
    if (isUnpacked) {
      this.#checkCells();
    }
    return isUnpacked;
  }

  /** Every cell lies in its page and has room for what its flags say. */
  #checkCells(): void {
    const { u8, u16 } = this.#view;
    const count = u16[(PAGE_SIZE + PAGE_COUNT) >> 1]!;
    const prefixLength = u16[(PAGE_SIZE + PAGE_PREFIX_LENGTH) >> 1]!;
    const slots = leafSlots(PAGE_SIZE, count);
    let end = 2 * (slots + count + 1) - PAGE_SIZE;
    assert(count > 0 && end <= u16[slots]!, "slots and cells do not overlap");
    for (let i = 0; i < count; i++) {
      const cell = u16[slots + i]!;
      const info = u8[PAGE_SIZE + cell]! | (u8[PAGE_SIZE + cell + 1]! << 8);
      const expiryBytes = (info & INFO_EXPIRY) === 0 ? 0 : EXPIRY_BYTES;
      const referenceBytes = (info & INFO_OVERFLOW) === 0 ? 0 : EXTENT_REFERENCE_BYTES;
      assert(cell >= end, "cells do not overlap");
      end = cell + INFO_BYTES + (info & INFO_LENGTH) + expiryBytes + referenceBytes;
      assert(end <= u16[slots + i + 1]!, "a cell holds what its flags say");
      assert(prefixLength + (info & INFO_LENGTH) <= MAX_KEY_BYTES, "no key is longer than 2048 bytes");
    }
    assert(u16[slots + count]! === PAGE_SIZE - prefixLength, "cells end at the prefix");
  }
}
