/** Options of functions, aggregates and tables, checked as better-sqlite3 checks them. */

export interface RegistrationOptions {
  /** Any number of arguments. */
  readonly varargs?: boolean | undefined;
  /** The same arguments always give the same. */
  readonly deterministic?: boolean | undefined;
  /** INTEGERs come as bigints. */
  readonly safeIntegers?: boolean | undefined;
  /** Not from views, triggers and the schema. */
  readonly directOnly?: boolean | undefined;
}

const MOST_ARGUMENTS = 100;

/** False where it is not there. */
export function booleanOption(options: object, key: string): boolean {
  const value = key in options ? (options as Record<string, unknown>)[key] : false;
  if (typeof value !== "boolean") {
    throw new TypeError(`Expected the "${key}" option to be a boolean`);
  }
  return value;
}

/** Undefined where it is not there. */
export function optionalBooleanOption(options: object, key: string): boolean | undefined {
  return key in options ? booleanOption(options, key) : undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: it is the application's, and takes what it takes
export type AnyFunction = (...parameters: any[]) => any;

export function functionOption(options: object, key: string): AnyFunction | undefined {
  const value = key in options ? (options as Record<string, unknown>)[key] : null;
  if (typeof value === "function") {
    return value as AnyFunction;
  }
  if (value !== null && value !== undefined) {
    throw new TypeError(`Expected the "${key}" option to be a function`);
  }
  return undefined;
}

/** How many parameters a function declares; undefined where it does not say. */
export function lengthOf({ length }: { readonly length: unknown }): number {
  if (typeof length !== "number" || !Number.isInteger(length) || length < 0) {
    throw new TypeError("Expected function.length to be a positive integer");
  }
  return length;
}

export function requireArgumentCount(count: number): void {
  if (count > MOST_ARGUMENTS) {
    throw new RangeError(`User-defined functions cannot have more than ${MOST_ARGUMENTS} arguments`);
  }
}

export function requireFunctionName(name: unknown): asserts name is string {
  if (typeof name !== "string") {
    throw new TypeError("Expected first argument to be a string");
  }
}

export function requireFilledName(name: string): void {
  if (name === "") {
    throw new TypeError("User-defined function name cannot be an empty string");
  }
}
