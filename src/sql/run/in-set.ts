/** The literals of a long IN list, hashed: membership in one step whatever the list's length. */
import { BLOB, NULL, type SqlValue, type Tag } from "../value/value.ts";

export class InSet {
  /** Numbers, bigints and strings by themselves; equal integers and reals are one number in JavaScript too. */
  readonly #values: Set<SqlValue>;
  readonly #blobs: Set<string>;
  /** A list with NULL in it never lacks anything for certain. */
  readonly hasNull: boolean;

  constructor(list: readonly { readonly tag: Tag; readonly value: SqlValue }[]) {
    this.#values = new Set();
    this.#blobs = new Set();
    for (const { tag, value } of list) {
      if (tag === BLOB) {
        this.#blobs.add(hexOf(value));
      } else if (tag !== NULL) {
        this.#values.add(canonical(value));
      }
    }
    this.hasNull = list.some(({ tag }) => tag === NULL);
  }

  has(tag: Tag, value: SqlValue): boolean {
    return tag === BLOB ? this.#blobs.has(hexOf(value)) : this.#values.has(canonical(value));
  }
}

/** A whole real beyond 2^53 is the bigint that an equal integer would be. */
function canonical(value: SqlValue): SqlValue {
  return typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER && Number.isFinite(value)
    ? BigInt(value)
    : value;
}

function hexOf(value: SqlValue): string {
  return Buffer.from(value as Uint8Array).toString("hex");
}
