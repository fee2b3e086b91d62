/**
 * The inner side of a hash join: rows under the values by which they are looked for.
 *
 *   keys     values → group (group-table.ts)
 *   firsts   group → its first row; −1 behind a chain's end
 *   nexts    row → the next one with the same values, in the order in which they came
 *   rows     the rows themselves, columns readable in place (row-arena.ts)
 */
import { RowWriter } from "../row.ts";
import { GroupTable, grown } from "./group-table.ts";
import { RowArena } from "./row-arena.ts";

const INITIAL_ROWS = 256;
const NONE = -1;

export class JoinTable {
  readonly keys: GroupTable;
  readonly rows: RowArena;
  firsts: Int32Array;
  nexts: Int32Array;
  /** A row of NULLs, for those of the other side that have no partner. */
  missing: number;
  /** group → its last row. */
  #lasts: Int32Array;
  /** How many groups have a chain: all that were found up to now. */
  #chains: number;

  constructor(columns: number, limit: number) {
    this.keys = new GroupTable(columns, limit);
    // One more, for `missing`.
    this.rows = new RowArena(limit + 1);
    this.firsts = new Int32Array(INITIAL_ROWS);
    this.nexts = new Int32Array(INITIAL_ROWS);
    this.missing = NONE;
    this.#lasts = new Int32Array(INITIAL_ROWS);
    this.#chains = 0;
  }

  /** Puts a row that was just added to `rows` at the end of its group's chain; groups come in the order of their numbers. */
  link(group: number, row: number): void {
    if (row >= this.nexts.length) {
      this.nexts = grown(this.nexts, new Int32Array(row * 2));
    }
    this.nexts[row] = NONE;
    if (group >= this.firsts.length) {
      this.firsts = grown(this.firsts, new Int32Array(group * 2));
      this.#lasts = grown(this.#lasts, new Int32Array(group * 2));
    }
    if (group === this.#chains) {
      this.#chains++;
      this.firsts[group] = row;
    } else {
      this.nexts[this.#lasts[group]!] = row;
    }
    this.#lasts[group] = row;
  }

  /** Adds the row of NULLs, of so many columns, when all others are there. */
  addMissing(columns: number): void {
    const writer = new RowWriter();
    writer.begin(columns);
    for (let column = 0; column < columns; column++) {
      writer.addNull();
    }
    writer.finish();
    this.missing = this.rows.add(writer);
  }
}
