/**
 * One column of rows that are kept: a tag, a number and an other for each row, as generated code holds values. Rows are filled in
 * any order; a blob that is put in is a copy.
 */
import { answer, answerValue, BLOB, INTEGER, NULL, REAL, type SqlValue, type Tag } from "../value/value.ts";
import { grown } from "./group-table.ts";

const INITIAL_ROWS = 64;

export class Cells {
  tags: Uint8Array;
  numbers: Float64Array;
  /** Of what is neither INTEGER nor REAL; not there for NULL. */
  readonly others: SqlValue[];

  constructor() {
    this.tags = new Uint8Array(INITIAL_ROWS);
    this.numbers = new Float64Array(INITIAL_ROWS);
    this.others = [];
  }

  /** Makes room for so many rows. */
  reserve(rows: number): void {
    if (rows > this.tags.length) {
      const capacity = Math.max(rows, this.tags.length * 2);
      this.tags = grown(this.tags, new Uint8Array(capacity));
      this.numbers = grown(this.numbers, new Float64Array(capacity));
    }
  }

  set(row: number, tag: Tag, number: number, other: SqlValue): void {
    this.tags[row] = tag;
    if (tag === INTEGER || tag === REAL) {
      this.numbers[row] = number;
    } else if (tag !== NULL) {
      const { others } = this;
      while (others.length < row) {
        others.push(null);
      }
      others[row] = tag === BLOB ? (other as Uint8Array).slice() : other;
    }
  }

  /** Takes over what is in `answer`. */
  take(row: number): void {
    this.set(row, answer.tag, answer.number, answer.other);
  }

  /** Makes the row what another one is. */
  repeat(row: number, from: number): void {
    const tag = this.tags[from] as Tag;
    this.tags[row] = tag;
    if (tag === INTEGER || tag === REAL) {
      this.numbers[row] = this.numbers[from]!;
    } else {
      this.set(row, tag, 0, this.others[from]!);
    }
  }

  value(row: number): SqlValue {
    const tag = this.tags[row];
    return tag === INTEGER || tag === REAL ? this.numbers[row]! : tag === NULL ? null : this.others[row]!;
  }

  answer(row: number): void {
    answerValue(this.tags[row] as Tag, this.value(row));
  }

  /** Whether the first `rows` rows are all numbers without NULL that a double holds. */
  areNumbers(rows: number): boolean {
    for (let row = 0; row < rows; row++) {
      const tag = this.tags[row]!;
      if (tag !== INTEGER && tag !== REAL) {
        return false;
      }
    }
    return true;
  }
}
