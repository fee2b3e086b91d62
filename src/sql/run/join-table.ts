/**
 * The inner side of a hash join: rows under the values by which they are looked for.
 *
 *   chains   a key of one number → its first row (number-chains.ts)
 *   keys     any other key → group (group-table.ts);  firsts: group → its first row
 *   nexts    row → the next one with the same values, in the order in which they came; −1 behind the last one
 *   rows     the rows themselves, columns readable in place (row-arena.ts), but for
 *   numbers  their columns of numbers (number-columns.ts)
 */
import { RowWriter } from "../row.ts";
import { BIG, type SqlValue, type Tag } from "../value/value.ts";
import { GroupTable, grown } from "./group-table.ts";
import { NumberChains } from "./number-chains.ts";
import { NumberColumns } from "./number-columns.ts";
import { RowArena } from "./row-arena.ts";

const INITIAL_ROWS = 256;
const NONE = -1;

export class JoinTable {
  readonly keys: GroupTable;
  readonly rows: RowArena;
  readonly numbers: NumberColumns;
  nexts: Int32Array;
  /** A row of NULLs, for those of the other side that have no partner. */
  missing: number;
  readonly #chains: NumberChains;
  #firsts: Int32Array;
  /** group → its last row. */
  #lasts: Int32Array;
  /** How many groups have a chain: all that were found up to now. */
  #linked: number;

  constructor(columns: number, limit: number, bytes?: number) {
    this.keys = new GroupTable(columns, limit, bytes);
    // One more, for `missing`.
    this.rows = new RowArena(limit + 1, bytes);
    this.numbers = new NumberColumns();
    this.nexts = new Int32Array(INITIAL_ROWS);
    this.missing = NONE;
    this.#chains = new NumberChains();
    this.#firsts = new Int32Array(INITIAL_ROWS);
    this.#lasts = new Int32Array(INITIAL_ROWS);
    this.#linked = 0;
  }

  /** Puts a row that was just added to `rows` at the end of its group's chain; groups come in the order of their numbers. */
  link(group: number, row: number): void {
    this.#reserve(row);
    this.nexts[row] = NONE;
    if (group >= this.#firsts.length) {
      this.#firsts = grown(this.#firsts, new Int32Array(group * 2));
      this.#lasts = grown(this.#lasts, new Int32Array(group * 2));
    }
    if (group === this.#linked) {
      this.#linked++;
      this.#firsts[group] = row;
    } else {
      this.nexts[this.#lasts[group]!] = row;
    }
    this.#lasts[group] = row;
  }

  /** The same under a key that is one INTEGER or REAL. */
  linkNumber(value: number, row: number): void {
    this.#reserve(row);
    this.nexts[row] = NONE;
    const before = this.#chains.add(value, row);
    if (before !== NONE) {
      this.nexts[before] = row;
    }
  }

  /** The same under a key that is one text, in place. */
  linkText(u8: Uint8Array, data: DataView, start: number, end: number, row: number): void {
    this.link(this.keys.findText(u8, data, start, end), row);
  }

  /** The same under a key that is one value of any type but INTEGER and REAL. */
  linkValue(tag: Tag, value: SqlValue, row: number): void {
    const real = numberEqualTo(tag, value);
    if (real === undefined) {
      this.link(this.keys.findValue(tag, value), row);
    } else {
      this.linkNumber(real, row);
    }
  }

  /** The first row of a group; −1 where there is none. */
  first(group: number): number {
    return group < 0 ? NONE : this.#firsts[group]!;
  }

  firstOfNumber(value: number): number {
    return this.#chains.first(value);
  }

  firstOfText(u8: Uint8Array, data: DataView, start: number, end: number): number {
    return this.first(this.keys.lookText(u8, data, start, end));
  }

  firstOfValue(tag: Tag, value: SqlValue): number {
    const real = numberEqualTo(tag, value);
    return real === undefined ? this.first(this.keys.lookValue(tag, value)) : this.#chains.first(real);
  }

  /** Adds the row of NULLs, of so many columns and columns of numbers, when all others are there. */
  addMissing(columns: number, numbers: number): void {
    const writer = new RowWriter();
    writer.begin(columns);
    for (let column = 0; column < columns; column++) {
      writer.addNull();
    }
    writer.finish();
    this.missing = this.rows.add(writer);
    this.numbers.reserve((this.missing + 1) * numbers);
  }

  #reserve(row: number): void {
    if (row >= this.nexts.length) {
      this.nexts = grown(this.nexts, new Int32Array(row * 2));
    }
  }
}

/** A large integer that a double equals is found by that, as a real that is equal to it is. */
function numberEqualTo(tag: Tag, value: SqlValue): number | undefined {
  if (tag !== BIG) {
    return undefined;
  }
  const real = Number(value);
  return BigInt(real) === value ? real : undefined;
}
