/**
 * The parameters of one execution, as compiled statements read them: a tag, a number and an other for each.
 *
 * Values are given as better-sqlite3 takes them: one by one or in arrays for those without a name, and one plain object
 * for those with a name (`{ id: 1 }` for `:id`, `@id` or `$id`). A whole number is an INTEGER, undefined is NULL.
 */
import { DbError } from "../../errors.ts";
import { INTEGER, NULL, REAL, type SqlValue, type Tag, tagOf } from "../value/value.ts";

export type SqlParameter = SqlValue | undefined;
export type SqlParameters = readonly (
  | SqlParameter
  | readonly SqlParameter[]
  | Readonly<Record<string, SqlParameter>>
  | Arguments
)[];

const NO_TAGS = new Uint8Array(0);
const NO_NUMBERS = new Float64Array(0);
const NO_VALUES: SqlValue[] = [];
const NO_NAMES: readonly undefined[] = [];
const NO_PLACES: readonly number[] = [];

export class Arguments {
  readonly tags: Uint8Array;
  readonly numbers: Float64Array;
  readonly others: SqlValue[];
  readonly #names: readonly (string | undefined)[];
  /** Places of those without a name. */
  readonly #unnamed: readonly number[];

  /** `names` of the parameters, with their sign; undefined for those without. A number (`?2`) is no name. */
  constructor(names: readonly (string | undefined)[]) {
    const isWithout = names.length === 0;
    this.tags = isWithout ? NO_TAGS : new Uint8Array(names.length);
    this.numbers = isWithout ? NO_NUMBERS : new Float64Array(names.length);
    this.others = isWithout ? NO_VALUES : names.map(() => null);
    this.#names = isWithout ? NO_NAMES : names.map((name) => (name?.startsWith("?") === true ? undefined : name));
    this.#unnamed = isWithout ? NO_PLACES : [...this.#names.keys()].filter((index) => this.#names[index] === undefined);
  }

  /**
   * Replaces all values; INVALID where there are too few, too many or unknown ones. Arguments of the same statement are taken
   * over as they are: whoever gives them has bound them by rules of his own.
   */
  bind(values: SqlParameters): void {
    // One number or text for one parameter is the common case: 5 ns.
    if (
      values.length === 1 &&
      this.#unnamed.length === 1 &&
      this.#names.length === 1 &&
      typeof values[0] !== "object"
    ) {
      this.set(0, values[0]);
      return;
    }
    if (values.length === 0 && this.#names.length === 0) {
      return;
    }
    if (values[0] instanceof Arguments) {
      this.#takeOver(values[0]);
      return;
    }
    let given = 0;
    let named: Readonly<Record<string, SqlParameter>> | undefined;
    for (const value of values) {
      if (typeof value !== "object") {
        this.#setNext(given++, value as SqlParameter);
      } else if (Array.isArray(value)) {
        for (const element of value as readonly SqlParameter[]) {
          this.#setNext(given++, element);
        }
      } else if (isPlainObject(value)) {
        if (named !== undefined) {
          throw new DbError("INVALID", "named parameters come in one object");
        }
        named = value;
      } else {
        this.#setNext(given++, value as SqlParameter);
      }
    }
    const expected = this.#unnamed.length;
    if (given !== expected) {
      throw new DbError(
        "INVALID",
        `too ${given < expected ? "few" : "many"} parameter values: the statement has ${expected} without a name, given were ${given}`,
        { expected, given },
      );
    }
    this.#setNamed(named);
  }

  set(index: number, value: unknown): void {
    const tag = tagOf(value);
    if (tag === undefined) {
      throw new DbError(
        "INVALID",
        `a parameter is a number, bigint of 64 bits, string, Uint8Array or null; parameter ${index + 1} is ${describe(value)}`,
        { parameter: index + 1 },
      );
    }
    this.setTagged(index, tag, tag === NULL ? null : (value as SqlValue));
  }

  setTagged(index: number, tag: Tag, value: SqlValue): void {
    this.tags[index] = tag;
    if (tag === INTEGER || tag === REAL) {
      this.numbers[index] = Number(value);
    } else {
      this.others[index] = value;
    }
  }

  /** A copy of the value at `index` into that of `other` at `into`. */
  copyTo(index: number, other: Arguments, into: number): void {
    const tag = this.tags[index] as Tag;
    other.setTagged(into, tag, tag === INTEGER || tag === REAL ? this.numbers[index]! : this.others[index]!);
  }

  #takeOver({ tags, numbers, others }: Arguments): void {
    for (let index = 0; index < this.tags.length; index++) {
      this.tags[index] = tags[index]!;
      this.numbers[index] = numbers[index]!;
      this.others[index] = others[index]!;
    }
  }

  #setNext(position: number, value: SqlParameter): void {
    const index = this.#unnamed[position];
    if (index !== undefined) {
      this.set(index, value);
    }
  }

  #setNamed(named: Readonly<Record<string, SqlParameter>> | undefined): void {
    if (named === undefined && this.#unnamed.length === this.#names.length) {
      return;
    }
    this.#names.forEach((name, index) => {
      if (name === undefined) {
        return;
      }
      const key = name.slice(1);
      if (named === undefined || !Object.hasOwn(named, key)) {
        throw new DbError("INVALID", `the named parameter "${name}" has no value`, { parameter: name });
      }
      this.set(index, named[key]);
    });
    if (named !== undefined && this.#unnamed.length === this.#names.length) {
      throw new DbError("INVALID", "the statement has no named parameters");
    }
  }
}

function isPlainObject(value: unknown): value is Readonly<Record<string, SqlParameter>> {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(value: unknown): string {
  return typeof value === "bigint" ? "a bigint of more" : `of type ${typeof value}`;
}
