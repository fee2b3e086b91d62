/**
 * A part: an immutable tree of one run, with the filter over its keys, and how both are written down.
 *
 *     u32 root page | u32 height | f64 entries | f64 bytes in pages | f64 deletes | f64 hidden bytes | u32 birth
 *     | u32 filter page | u32 pages | u32 blocks | u8 probes
 *     | u8 flags | u16 length of lower | u16 length of upper | u32 range deletes | u32 areas
 *     | lower | upper | range deletes {u16 length, u16 length, lower, upper} … | areas {u32 page, u32 bytes} …
 *
 * `lower` is the first key that may be in it, `upper` the first that cannot. Both hold for its entries and for its range
 * deletes. A part that is swept (compaction.ts) loses its entries from below: its `lower` moves up, what lies before it
 * belongs to it no more, and its pages are freed when nothing is left (`isCut`).
 *
 * An end of zero bytes stands for "no end": no key is smaller than the empty one, so nothing ends there.
 */
import { assert } from "../assert.ts";
import { MAX_KEY_BYTES, type RootRecord } from "../btree/index.ts";
import { DbError } from "../errors.ts";
import type { FilterRecord } from "./filter.ts";
import { NO_RANGE_DELETES, type RangeDelete } from "./range-deletes.ts";

/** Bytes of values, their checksums included, that the entries of a part have in an area; `page` is the area's first. */
export interface AreaUse {
  readonly page: number;
  readonly bytes: number;
}

/** A part that is in no manifest yet. */
export interface NewPart {
  /** Page 0: there are no entries, only range deletes. */
  readonly root: RootRecord;
  readonly filter: FilterRecord;
  readonly lower: Uint8Array;
  readonly upper: Uint8Array | undefined;
  /** Of its tree's pages and its filter's. */
  readonly bytes: number;
  /** Tombstones among its entries. */
  readonly deletes: number;
  /** Of older runs, about: what would come free if it were merged with them (hidden.ts). */
  readonly hiddenBytes: number;
  /** The checkpoint that wrote its pages. */
  readonly birth: number;
  readonly isCut: boolean;
  /** They hide what lies in older runs. */
  readonly rangeDeletes: readonly RangeDelete[];
  readonly areas: readonly AreaUse[];
}

export interface Part extends NewPart {
  /** Unlike that of every other part of the keyspace. */
  readonly id: number;
}

// Part of the format; never renumber.
const FLAG_CUT = 1;
const HEADER_BYTES = 70;
const RANGE_BYTES = 4;
const AREA_BYTES = 8;

export function encodePart(part: NewPart): Uint8Array {
  const { root, filter, lower, upper = NO_END, rangeDeletes, areas } = part;
  assert([part, ...rangeDeletes].every(hasBounds), "L2: no bound is longer than a key's successor");
  const rangeBytes = rangeDeletes.reduce(
    (sum, range) => sum + RANGE_BYTES + range.lower.length + (range.upper?.length ?? 0),
    0,
  );
  const bytes = new Uint8Array(HEADER_BYTES + lower.length + upper.length + rangeBytes + AREA_BYTES * areas.length);
  const data = new DataView(bytes.buffer);
  data.setUint32(0, root.page, true);
  data.setUint32(4, root.height, true);
  data.setFloat64(8, root.count, true);
  data.setFloat64(16, part.bytes, true);
  data.setFloat64(24, part.deletes, true);
  data.setFloat64(32, part.hiddenBytes, true);
  data.setUint32(40, part.birth, true);
  data.setUint32(44, filter.page, true);
  data.setUint32(48, filter.pageCount, true);
  data.setUint32(52, filter.blocks, true);
  data.setUint8(56, filter.probes);
  data.setUint8(57, part.isCut ? FLAG_CUT : 0);
  data.setUint16(58, lower.length, true);
  data.setUint16(60, upper.length, true);
  data.setUint32(62, rangeDeletes.length, true);
  data.setUint32(66, areas.length, true);
  let at = HEADER_BYTES;
  at = put(bytes, at, lower);
  at = put(bytes, at, upper);
  for (const range of rangeDeletes) {
    data.setUint16(at, range.lower.length, true);
    data.setUint16(at + 2, range.upper?.length ?? 0, true);
    at = put(bytes, at + RANGE_BYTES, range.lower);
    at = put(bytes, at, range.upper ?? NO_END);
  }
  for (const area of areas) {
    data.setUint32(at, area.page, true);
    data.setUint32(at + 4, area.bytes, true);
    at += AREA_BYTES;
  }
  return bytes;
}

function hasBounds({ lower, upper = NO_END }: RangeDelete): boolean {
  return lower.length <= MAX_KEY_BYTES + 1 && upper.length <= MAX_KEY_BYTES + 1;
}

/** Throws CORRUPT. */
export function decodePart(id: number, bytes: Uint8Array): Part {
  const reader = new RecordReader(id, bytes);
  const data = reader.take(HEADER_BYTES);
  const lower = reader.bytes(data.getUint16(58, true));
  const upper = reader.bytes(data.getUint16(60, true));
  const rangeDeletes: RangeDelete[] = [];
  for (let left = data.getUint32(62, true); left > 0; left--) {
    const lengths = reader.take(RANGE_BYTES);
    rangeDeletes.push({
      lower: reader.bytes(lengths.getUint16(0, true)),
      upper: endOf(reader.bytes(lengths.getUint16(2, true))),
    });
  }
  const areas: AreaUse[] = [];
  for (let left = data.getUint32(66, true); left > 0; left--) {
    const area = reader.take(AREA_BYTES);
    areas.push({ page: area.getUint32(0, true), bytes: area.getUint32(4, true) });
  }
  reader.end();
  return {
    id,
    root: { page: data.getUint32(0, true), height: data.getUint32(4, true), count: data.getFloat64(8, true) },
    filter: {
      page: data.getUint32(44, true),
      pageCount: data.getUint32(48, true),
      blocks: data.getUint32(52, true),
      probes: data.getUint8(56),
    },
    lower,
    upper: endOf(upper),
    bytes: data.getFloat64(16, true),
    deletes: data.getFloat64(24, true),
    hiddenBytes: data.getFloat64(32, true),
    birth: data.getUint32(40, true),
    isCut: (data.getUint8(57) & FLAG_CUT) !== 0,
    rangeDeletes: rangeDeletes.length === 0 ? NO_RANGE_DELETES : rangeDeletes,
    areas,
  };
}

const NO_END: Uint8Array = new Uint8Array(0);

function endOf(bytes: Uint8Array): Uint8Array | undefined {
  return bytes.length === 0 ? undefined : bytes;
}

function put(into: Uint8Array, at: number, bytes: Uint8Array): number {
  into.set(bytes, at);
  return at + bytes.length;
}

/** Reads a record from its front, and not past its end. */
class RecordReader {
  readonly #id: number;
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(id: number, bytes: Uint8Array) {
    this.#id = id;
    this.#bytes = bytes;
    this.#at = 0;
  }

  take(length: number): DataView {
    const at = this.#at;
    if (at + length > this.#bytes.length) {
      throw this.#damaged();
    }
    this.#at = at + length;
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, length);
  }

  bytes(length: number): Uint8Array {
    const { buffer, byteOffset } = this.take(length);
    return new Uint8Array(buffer, byteOffset, length).slice();
  }

  end(): void {
    if (this.#at !== this.#bytes.length) {
      throw this.#damaged();
    }
  }

  #damaged(): DbError {
    return new DbError("CORRUPT", `the record of part ${this.#id} has the wrong length; restore from a backup`, {
      part: this.#id,
      bytes: this.#bytes.length,
    });
  }
}
