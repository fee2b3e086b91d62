/**
 * Changes that an UPDATE or DELETE has decided on while it reads, to be made when nothing points into the rows any more.
 *
 * Keys, rows and entries of indexes are copied into one arena. Changes that leave keys alone are made after each batch of rows, and
 * the scan goes on behind it; where the key itself is updated they wait until all rows were read, so that no row is met twice.
 * Bound: MAX_STAGED_BYTES.
 */
import { compareBytes, copyBytes } from "../../bytes.ts";
import { DbError } from "../../errors.ts";
import type { KeyWriter } from "../key.ts";
import type { SqlTransaction } from "../storage.ts";

const MAX_STAGED_BYTES = 2 ** 30;
const INITIAL_BYTES = 65_536;
const INITIAL_CHANGES = 256;

/** The parts of a change: offset and length each. The new key is empty where the row stays, the row where it is deleted. */
export const OLD_KEY = 0;
export const NEW_KEY = 2;
export const ROW = 4;
/** Behind them, for each index: offset, length and kind of the entry that goes and of the one that comes. */
const ENTRIES = 6;
export const OLD_ENTRY = 0;
export const NEW_ENTRY = 3;
const ENTRY_FIELDS = 6;

/** Kinds of entries: none; the columns alone; the columns, and behind them the row's key. */
const NO_ENTRY = 0;
const EXCLUSIVE = 1;
const SHARED = 2;

export class Staging {
  bytes: Uint8Array;
  count: number;
  #used: number;
  #width: number;
  #fields: Float64Array;
  #oldEntries: number;
  #newEntries: number;
  readonly #part: { offset: number; length: number };

  constructor() {
    this.bytes = new Uint8Array(INITIAL_BYTES);
    this.count = 0;
    this.#used = 0;
    this.#width = ENTRIES;
    this.#fields = new Float64Array(ENTRIES * INITIAL_CHANGES);
    this.#oldEntries = 0;
    this.#newEntries = 0;
    this.#part = { offset: 0, length: 0 };
  }

  /** Changes of rows that have entries in so many indexes. */
  begin(indexes: number): void {
    this.clear();
    this.#width = ENTRIES + indexes * ENTRY_FIELDS;
  }

  clear(): void {
    this.count = 0;
    this.#used = 0;
  }

  /** Begins the next change with the key of the row as it is, in two parts. */
  addKey(
    prefix: Uint8Array,
    prefixOffset: number,
    prefixLength: number,
    rest: Uint8Array,
    restOffset: number,
    restLength: number,
  ): void {
    const at = this.count * this.#width;
    if (at + this.#width > this.#fields.length) {
      const larger = new Float64Array(Math.max(this.#fields.length * 2, at + this.#width));
      larger.set(this.#fields);
      this.#fields = larger;
    }
    this.#fields.fill(0, at, at + this.#width);
    this.count++;
    this.#oldEntries = 0;
    this.#newEntries = 0;
    this.#fields[at + OLD_KEY] = this.#used;
    this.#fields[at + OLD_KEY + 1] = prefixLength + restLength;
    this.#copy(prefix, prefixOffset, prefixLength);
    this.#copy(rest, restOffset, restLength);
  }

  /** The key that the row of this change moves to. */
  addNewKey(bytes: Uint8Array, length: number): void {
    this.#add(NEW_KEY, bytes, length);
  }

  /** The new row of this change. */
  addRow(bytes: Uint8Array, length: number): void {
    this.#add(ROW, bytes, length);
  }

  /** What the row has in the next index, as it is. */
  addOldEntry(entry: KeyWriter, isThere: boolean, isExclusive: boolean): void {
    this.#addEntry(this.#oldEntries++ * ENTRY_FIELDS + OLD_ENTRY, entry, isThere, isExclusive);
  }

  /** What it will have there. */
  addNewEntry(entry: KeyWriter, isThere: boolean, isExclusive: boolean): void {
    this.#addEntry(this.#newEntries++ * ENTRY_FIELDS + NEW_ENTRY, entry, isThere, isExclusive);
  }

  /** Where a part of a change lies; valid until the next call. */
  part(change: number, part: number): { readonly offset: number; readonly length: number } {
    const at = change * this.#width + part;
    this.#part.offset = this.#fields[at]!;
    this.#part.length = this.#fields[at + 1]!;
    return this.#part;
  }

  hasEntry(change: number, entry: number, which: number): boolean {
    return this.#fields[this.#entryAt(change, entry) + which + 2]! !== NO_ENTRY;
  }

  /** Whether what goes out of an index and what comes are one. */
  isSameEntry(change: number, entry: number): boolean {
    const at = this.#entryAt(change, entry);
    const fields = this.#fields;
    const { bytes } = this;
    return (
      fields[at + OLD_ENTRY + 2] === fields[at + NEW_ENTRY + 2] &&
      compareBytes(
        bytes,
        fields[at + OLD_ENTRY]!,
        fields[at + OLD_ENTRY + 1]!,
        bytes,
        fields[at + NEW_ENTRY]!,
        fields[at + NEW_ENTRY + 1]!,
      ) === 0
    );
  }

  /** Whether another row has the columns that this one is to have in a unique index. */
  isTaken(transaction: SqlTransaction, change: number, entry: number, keyspace: number): boolean {
    const at = this.#entryAt(change, entry) + NEW_ENTRY;
    const fields = this.#fields;
    return (
      fields[at + 2] === EXCLUSIVE &&
      !this.isSameEntry(change, entry) &&
      transaction.get(keyspace, this.bytes, fields[at]!, fields[at + 1]!)
    );
  }

  /** Writes the key of an entry, for a row whose key lies here too; its length. */
  entryKey(
    writer: KeyWriter,
    change: number,
    entry: number,
    which: number,
    keyOffset: number,
    keyLength: number,
  ): number {
    const at = this.#entryAt(change, entry) + which;
    writer.begin();
    writer.addRaw(this.bytes, this.#fields[at]!, this.#fields[at + 1]!);
    if (this.#fields[at + 2] === SHARED) {
      writer.addRaw(this.bytes, keyOffset, keyLength);
    }
    return writer.length;
  }

  #entryAt(change: number, entry: number): number {
    return change * this.#width + ENTRIES + entry * ENTRY_FIELDS;
  }

  #add(part: number, bytes: Uint8Array, length: number): void {
    const at = (this.count - 1) * this.#width + part;
    this.#fields[at] = this.#used;
    this.#fields[at + 1] = length;
    this.#copy(bytes, 0, length);
  }

  #addEntry(field: number, { bytes, length }: KeyWriter, isThere: boolean, isExclusive: boolean): void {
    if (isThere) {
      this.#add(ENTRIES + field, bytes, length);
      this.#fields[(this.count - 1) * this.#width + ENTRIES + field + 2] = isExclusive ? EXCLUSIVE : SHARED;
    }
  }

  #copy(from: Uint8Array, offset: number, length: number): void {
    this.#reserve(length);
    copyBytes(from, offset, this.bytes, this.#used, length);
    this.#used += length;
  }

  #reserve(lengthBytes: number): void {
    const needed = this.#used + lengthBytes;
    if (needed <= this.bytes.length) {
      return;
    }
    if (needed > MAX_STAGED_BYTES) {
      throw new DbError("FULL", `one UPDATE of keys may hold ${MAX_STAGED_BYTES} bytes of rows; do it in parts`, {
        limit: MAX_STAGED_BYTES,
      });
    }
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.#used));
    this.bytes = larger;
  }
}
