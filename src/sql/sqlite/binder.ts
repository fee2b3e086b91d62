/**
 * Parameters bound by better-sqlite3's rules and with its messages: values one by one or in arrays for `?`, one plain object for
 * those with a name (`?2` has the name "2").
 */
import { Arguments } from "../run/arguments.ts";
import { BIG, BLOB, INTEGER, NULL, REAL, TEXT } from "../value/value.ts";
import { copyOfView, isInt64 } from "./values.ts";

export class Binder {
  /** What was bound last. */
  readonly values: Arguments;
  readonly #count: number;
  /** Places of the parameters without a name. */
  readonly #unnamed: readonly number[];
  readonly #named: readonly { readonly key: string; readonly index: number }[];

  /** `names` of the parameters as they are written; undefined for those without. */
  constructor(names: readonly (string | undefined)[]) {
    this.values = new Arguments(names);
    this.#count = names.length;
    this.#unnamed = [...names.keys()].filter((index) => names[index] === undefined);
    this.#named = names.flatMap((name, index) => (name === undefined ? [] : [{ key: name.slice(1), index }]));
  }

  /** Replaces all values. */
  bind(parameters: readonly unknown[]): Arguments {
    // One number or text for one `?` is the common case.
    if (
      parameters.length === 1 &&
      this.#count === 1 &&
      this.#unnamed.length === 1 &&
      typeof parameters[0] !== "object"
    ) {
      this.#set(0, parameters[0]);
      return this.values;
    }
    let given = 0;
    let bound = 0;
    let hasObject = false;
    for (const parameter of parameters) {
      if (Array.isArray(parameter)) {
        for (let index = 0; index < parameter.length; index++) {
          this.#setNext(given++, parameter[index]);
        }
      } else if (isPlainObject(parameter)) {
        if (hasObject) {
          throw new TypeError("You cannot specify named parameters in two different objects");
        }
        hasObject = true;
        bound += this.#setNamed(parameter);
      } else {
        if (typeof parameter === "object" && parameter !== null && !ArrayBuffer.isView(parameter)) {
          this.#refuseObject();
        }
        this.#setNext(given++, parameter);
      }
    }
    this.#checkCount(given + bound, hasObject);
    return this.values;
  }

  #checkCount(bound: number, hasObject: boolean): void {
    if (bound === this.#count) {
      return;
    }
    if (bound > this.#count) {
      throw new RangeError("Too many parameter values were provided");
    }
    if (!hasObject && this.#named.length > 0) {
      throw new TypeError("Missing named parameters");
    }
    throw new RangeError("Too few parameter values were provided");
  }

  #refuseObject(): void {
    if (this.#named.length > 0) {
      throw new TypeError("Named parameters can only be passed within plain objects");
    }
  }

  #setNext(position: number, value: unknown): void {
    const index = this.#unnamed[position];
    if (index === undefined) {
      checkBindable(value);
      throw new RangeError("Too many parameter values were provided");
    }
    this.#set(index, value);
  }

  #setNamed(object: Readonly<Record<string, unknown>>): number {
    for (const { key, index } of this.#named) {
      if (!Object.hasOwn(object, key)) {
        throw new RangeError(`Missing named parameter "${key}"`);
      }
      this.#set(index, object[key]);
    }
    return this.#named.length;
  }

  #set(index: number, value: unknown): void {
    const { values } = this;
    switch (typeof value) {
      case "number":
        Number.isNaN(value) ? values.setTagged(index, NULL, null) : values.setTagged(index, REAL, value);
        return;
      case "string":
        values.setTagged(index, TEXT, value);
        return;
      case "bigint":
        checkBindable(value);
        values.setTagged(index, isSafe(value) ? INTEGER : BIG, isSafe(value) ? Number(value) : value);
        return;
      default:
        checkBindable(value);
        if (typeof value === "object" && ArrayBuffer.isView(value)) {
          // The application may change what it has given while the statement runs.
          values.setTagged(index, BLOB, copyOfView(value));
        } else {
          values.setTagged(index, NULL, null);
        }
    }
  }
}

function isSafe(value: bigint): boolean {
  return Number.isSafeInteger(Number(value));
}

function checkBindable(value: unknown): void {
  const isValue =
    value === undefined ||
    value === null ||
    ["number", "string", "bigint"].includes(typeof value) ||
    ArrayBuffer.isView(value);
  if (!isValue) {
    throw new TypeError("SQLite3 can only bind numbers, strings, bigints, buffers, and null");
  }
  if (typeof value === "bigint" && !isInt64(value)) {
    throw new RangeError("The bound string, buffer, or bigint is too big");
  }
}

/** Made by a literal or without a prototype; in whatever realm. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) {
    return false;
  }
  const prototype: object | null = Object.getPrototypeOf(value);
  return (
    prototype === null ||
    prototype === Object.prototype ||
    (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, "isPrototypeOf"))
  );
}
