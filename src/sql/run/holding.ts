/**
 * What a statement may hold, and what becomes of one that holds more.
 *
 * It begins in memory. Where rows, groups or bytes go beyond the bounds it is ended by `fullError`, which the statement knows again
 * (`isFull`): it is then run anew by the interpreter, whose sorts, groups, sets and joins put what they hold on disk (spill/).
 */
import { DbError } from "../../errors.ts";
import type { DiskFile } from "../../mvcc/index.ts";
import { BLOB, type SqlValue, type Tag, TEXT } from "../value/value.ts";

export interface Holding {
  /** Rows, or groups, that each sort, grouping, set or join may hold in memory. */
  readonly rows: number;
  /** Bytes of them, about. */
  readonly bytes: number;
  /** Bytes that the files of a statement may have; 0: it has none, and fails where it would need one. */
  readonly spillBytes: number;
  /** A file that has no name, and is gone when it is closed. */
  readonly openFile: () => DiskFile;
}

/** For what holds nothing. */
export const HOLDS_NOTHING: Holding = {
  rows: 0,
  bytes: 0,
  spillBytes: 0,
  openFile: () => {
    throw new DbError("UNSUPPORTED", "there is no disk here");
  },
};

/** The most that one array of bytes takes, whatever the options say. */
export const MOST_HELD_BYTES: number = 2 ** 30;

/** More rows than may be held; `what` holds them. */
export function tooManyRows(limit: number, what: string = "a statement", of: string = "rows"): DbError {
  return fullError(`${what} may hold ${limit} ${of} (option heldRows)`, limit);
}

/** More than memory is given. */
export function tooManyBytes(limit: number): DbError {
  return fullError(`a statement may hold ${limit} bytes in memory (option heldBytes)`, limit);
}

function fullError(message: string, limit: number): DbError {
  const error = new DbError("FULL", message, { limit });
  full.add(error);
  return error;
}

/** Fewer rows are not looked at. */
const LEAST_SAMPLED = 1024;
const SAMPLES = 32;
/** What V8 takes for an object, and for what is in it that is no small number. */
const OBJECT_BYTES = 24;
const FIELD_BYTES = 8;
const BOXED_BYTES = 16;
const BYTES_OBJECT_BYTES = 112;

/** Memory that is taken little by little, about. */
export class HeldMemory {
  readonly #limit: number;
  #left: number;

  constructor(limit: number) {
    this.#limit = limit;
    this.#left = limit;
  }

  take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) {
      throw tooManyBytes(this.#limit);
    }
  }
}

/** Bytes that values take in a set or a list, about. */
export function valuesBytes(tags: readonly Tag[], values: readonly SqlValue[]): number {
  let bytes = tags.length * BOXED_BYTES;
  for (let index = 0; index < tags.length; index++) {
    const tag = tags[index];
    bytes += tag === TEXT || tag === BLOB ? (values[index] as string | Uint8Array).length : 0;
  }
  return bytes;
}

/**
 * Ends a statement before rows that it holds as objects take more than so many bytes. Called for each row, it looks at some of them
 * when they are a power of two: twice as many must not be too much.
 */
export function checkHeldBytes(rows: readonly unknown[], limit: number): void {
  const count = rows.length;
  if ((count & (count - 1)) === 0) {
    checkSampledBytes(count, (row) => rows[row], limit);
  }
}

/** The same, called whenever there may be twice as many rows as before. */
export function checkSampledBytes(count: number, rowAt: (row: number) => unknown, limit: number): void {
  if (count < LEAST_SAMPLED) {
    return;
  }
  let sampled = 0;
  for (let sample = 0; sample < SAMPLES; sample++) {
    sampled += heldBytes(rowAt(Math.floor((sample * count) / SAMPLES)));
  }
  if ((sampled / SAMPLES) * count * 2 > limit) {
    throw tooManyBytes(limit);
  }
}

function heldBytes(value: unknown): number {
  switch (typeof value) {
    case "string":
      return BOXED_BYTES + value.length;
    case "number":
      return Number.isInteger(value) ? 0 : BOXED_BYTES;
    case "bigint":
      return OBJECT_BYTES;
    case "object":
      break;
    default:
      return 0;
  }
  if (value === null) {
    return 0;
  }
  if (value instanceof Uint8Array) {
    return BYTES_OBJECT_BYTES + value.length;
  }
  const fields = Array.isArray(value) ? value : Object.values(value);
  let bytes = OBJECT_BYTES;
  for (const field of fields) {
    bytes += FIELD_BYTES + heldBytes(field);
  }
  return bytes;
}

const full = new WeakSet<object>();

/** Whether the error says that a statement holds too much, so that it may be tried with a disk. */
export function isFull(error: unknown): boolean {
  return error instanceof DbError && full.has(error);
}
