/** Rows of values, each once: what DISTINCT has seen, and what `IN (SELECT …)` looks up. */
import type { Collation } from "../value/collation.ts";
import { BLOB, NULL, type SqlValue, type Tag, TEXT } from "../value/value.ts";
import { Canonical } from "./canonical.ts";
import { GroupTable } from "./group-table.ts";

export class ValueSet {
  /** Whether a row was added that has a NULL. */
  hasNull: boolean;
  readonly #table: GroupTable;
  readonly #canonical: readonly (Canonical | undefined)[];

  constructor(collations: readonly (Collation | undefined)[], limit: number, bytes?: number) {
    this.hasNull = false;
    this.#table = new GroupTable(collations.length, limit, bytes);
    this.#canonical = collations.map((collation) => (collation === undefined ? undefined : new Canonical(collation)));
  }

  get count(): number {
    return this.#table.count;
  }

  /** Before the first value of a row that is added or looked up. */
  begin(): void {
    this.#table.begin();
  }

  value(column: number, tag: Tag, value: SqlValue): void {
    const canonical = tag === TEXT ? this.#canonical[column] : undefined;
    this.#table.add(tag, canonical === undefined ? value : canonical.of(value as string));
    this.hasNull ||= tag === NULL;
  }

  /** The number of the row, which is `count` before the call if it was not there yet. */
  add(): number {
    return this.#table.find();
  }

  /** Whether the row is there. */
  has(): boolean {
    return this.#table.look() >= 0;
  }

  /** Adds a row of one value. */
  addValue(tag: Tag, value: SqlValue): void {
    this.begin();
    this.value(0, tag, value);
    this.add();
  }

  /** `value IN (…)` of rows of one value: 1, 0, or −1 where neither is certain. */
  test(tag: Tag, value: SqlValue): number {
    if (this.count === 0) {
      return 0;
    }
    if (tag === NULL) {
      return -1;
    }
    const { hasNull } = this;
    this.begin();
    this.value(0, tag, value);
    return this.has() ? 1 : hasNull ? -1 : 0;
  }
}

/** A blob that is kept is a copy. */
export function keptValue(tag: Tag, value: SqlValue): SqlValue {
  return tag === BLOB ? (value as Uint8Array).slice() : value;
}
