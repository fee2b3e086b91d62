/**
 * Merge operands: changes that were written without a look at what they change (`map.merge`), and are applied when the
 * entry is read, flushed or compacted.
 *
 *     newest   merge 5 │ merge 2 │ put 40   oldest        ──▶  put 47
 *              merge 5 │ merge 2 │ nothing known yet      ──▶  merge 7
 *
 * An operator combines two of them, the older and the newer one, and is associative: so operands can be combined before it
 * is known what they are applied to, and an operand that finds nothing is the value itself. Where the operator is a function
 * of the application, which the checkpoint worker does not have, operands are collected instead.
 *
 * As the value of a cell or a log operation of kind merge:
 *
 *     u8 flags (1: the first item is a value, not an operand) | items, oldest first: u32 length, bytes …
 */
import { CELL_MERGE, CELL_PUT, MAX_VALUE_BYTES } from "../btree/index.ts";
import { DbError } from "../errors.ts";

/** Both as bytes; the result is the caller's. */
export type Combine = (older: Uint8Array, newer: Uint8Array) => Uint8Array;

export interface Folded {
  /** CELL_PUT or CELL_MERGE. */
  readonly kind: number;
  readonly bytes: Uint8Array;
}

// Part of the format; never renumber.
const FLAG_BASED = 1;
const LENGTH_BYTES = 4;
const MAX_DEPTH = 127;

export class Operands {
  /** Undefined: the operator is not known here, and operands are only collected. */
  readonly #combine: Combine | undefined;
  /** Newest first. */
  #items: Uint8Array[];
  /** The last item is a value. */
  #hasBase: boolean;

  constructor(combine: Combine | undefined) {
    this.#combine = combine;
    this.#items = [];
    this.#hasBase = false;
  }

  reset(): void {
    this.#items = [];
    this.#hasBase = false;
  }

  /** Whether nothing older matters any more. */
  get hasBase(): boolean {
    return this.#hasBase;
  }

  /** Whether the operator is. */
  get isKnown(): boolean {
    return this.#combine !== undefined;
  }

  /** How many operands there are, apart from the value that they are applied to. */
  get count(): number {
    return this.#items.length - (this.#hasBase ? 1 : 0);
  }

  /** Bytes of all of them, value included. */
  get sizeBytes(): number {
    return this.#items.reduce((sum, { length }) => sum + length, 0);
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /**
   * What an older place holds: a value (CELL_PUT), which ends it, or operands (CELL_MERGE). It is kept, not copied. Behind a
   * value nothing is taken any more: collected operands may have one of their own.
   */
  addOlder(bytes: Uint8Array, kind: number): void {
    if (this.#hasBase) {
      return;
    }
    if (kind === CELL_PUT) {
      this.#items.push(bytes);
      this.#hasBase = true;
      return;
    }
    const items = decodeItems(bytes);
    for (let i = items.length - 1; i >= 0; i--) {
      this.#items.push(items[i]!);
    }
    this.#hasBase = beginsWithValue(bytes);
  }

  /** An operand by itself. */
  addOperand(bytes: Uint8Array): void {
    this.#items.push(bytes);
  }

  /**
   * All of them as one cell: combined, unless the operator is not known or they come to more than a value may have.
   * `isComplete`: there is nothing older.
   */
  fold(isComplete: boolean): Folded {
    const isBased = this.#hasBase || isComplete;
    const value = this.#combined();
    if (value === undefined) {
      return { kind: CELL_MERGE, bytes: encodeItems(this.#items.toReversed(), isBased) };
    }
    return isBased ? { kind: CELL_PUT, bytes: value } : { kind: CELL_MERGE, bytes: encodeItems([value], false) };
  }

  #combined(): Uint8Array | undefined {
    const items = this.#items;
    const value = items.length === 1 ? items[0] : this.#combine && combineAll(this.#combine, items, 0, items.length);
    return value === undefined || value.length > MAX_VALUE_BYTES ? undefined : value;
  }
}

/**
 * The items from `from` to before `to`, newest first. By halves: one after the other, what grows (a list that is appended to)
 * would be copied once for each.
 */
function combineAll(combine: Combine, items: readonly Uint8Array[], from: number, to: number): Uint8Array {
  if (to - from === 1) {
    return items[from]!;
  }
  const middle = (from + to) >>> 1;
  return combine(combineAll(combine, items, middle, to), combineAll(combine, items, from, middle));
}

/** What comes before the only operand of a merge operation. */
export const OPERAND_HEADER_BYTES: number = 1 + LENGTH_BYTES;

/**
 * Writes what comes before an operand of `length` bytes. `depth` is kept in the flags, where nobody minds it: how many merge
 * operations on the same key came before this one, as far as its writer knew.
 */
export function writeOperandHeader(into: Uint8Array, offset: number, length: number, depth: number): void {
  into[offset] = Math.min(MAX_DEPTH, depth) << 1;
  for (let i = 0; i < LENGTH_BYTES; i++) {
    into[offset + 1 + i] = length >>> (8 * i);
  }
}

/** The same before operands that are written together. */
export function setOperandDepth(operands: Uint8Array, depth: number): void {
  operands[0] = (operands[0]! & FLAG_BASED) | (Math.min(MAX_DEPTH, depth) << 1);
}

export function operandDepth(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! >>> 1;
}

export function encodeItems(items: readonly Uint8Array[], isBased: boolean): Uint8Array {
  const length = items.reduce((sum, item) => sum + LENGTH_BYTES + item.length, 1);
  const bytes = new Uint8Array(length);
  const data = new DataView(bytes.buffer);
  bytes[0] = isBased ? FLAG_BASED : 0;
  let at = 1;
  for (const item of items) {
    data.setUint32(at, item.length, true);
    bytes.set(item, at + LENGTH_BYTES);
    at += LENGTH_BYTES + item.length;
  }
  return bytes;
}

/** Whether the first item is a value, not an operand. */
export function beginsWithValue(bytes: Uint8Array): boolean {
  return (bytes[0]! & FLAG_BASED) !== 0;
}

/** Oldest first. Throws CORRUPT. */
export function decodeItems(bytes: Uint8Array): Uint8Array[] {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const items: Uint8Array[] = [];
  let at = 1;
  while (at + LENGTH_BYTES <= bytes.length) {
    const length = data.getUint32(at, true);
    items.push(bytes.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length));
    at += LENGTH_BYTES + length;
  }
  if (at !== bytes.length || items.length === 0) {
    throw new DbError("CORRUPT", "merge operands are not as long as they say; restore from a backup", {
      bytes: bytes.length,
    });
  }
  return items;
}
