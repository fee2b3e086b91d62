/** Turns emitted text into a function, with the library and the statement's constants in reach and nothing else. */
import type { Arguments } from "../run/arguments.ts";
import type { Cursor } from "../run/cursor.ts";
import type { KeySorter } from "../run/key-sorter.ts";
import type { Writing } from "../run/write-support.ts";
import type { KeyspaceReader, SqlTransaction } from "../storage.ts";
import type { Emitter } from "./emitter.ts";
import { type Library, library } from "./library.ts";

/** Whether there is nothing more. */
export type SelectFunction = (
  reader: KeyspaceReader,
  values: Arguments,
  cursor: Cursor,
  out: unknown[],
  most: number,
) => boolean;
/** The number of rows inserted: 0 or 1. */
export type InsertFunction = (reader: SqlTransaction, values: Arguments, writing: Writing) => number;
export type CollectFunction = (reader: KeyspaceReader, values: Arguments, cursor: Cursor, sorter: KeySorter) => void;
export type CellsFunction = (values: Arguments, cells: Arguments) => void;
export type ChangeFunction = (reader: SqlTransaction, values: Arguments, writing: Writing, cursor: Cursor) => void;

export interface CompiledFunction<F> {
  readonly call: F;
  /** What EXPLAIN (CODEGEN) shows. */
  readonly text: string;
}

type Factory = (library: Library, constants: readonly unknown[]) => unknown;

/**
 * Compiled texts, the one unused for longest first. Literals are constants, not text: `WHERE id = 1` and `WHERE id = 2`
 * are one function, which V8 compiles (0.25 ms) once.
 */
const factories = new Map<string, Factory>();
const CACHED_FACTORIES = 256;
const CACHED_TEXT_LENGTH = 50_000;

export function compileFunction<F>(emitter: Emitter, name: string, parameters: string): CompiledFunction<F> {
  const text = emitter.finish(name, parameters);
  return { call: factoryOf(text)(library, emitter.constants) as F, text };
}

function factoryOf(text: string): Factory {
  const factory = factories.get(text) ?? (new Function("library", "constants", text) as Factory);
  if (text.length <= CACHED_TEXT_LENGTH) {
    factories.delete(text);
    factories.set(text, factory);
    if (factories.size > CACHED_FACTORIES) {
      factories.delete(factories.keys().next().value!);
    }
  }
  return factory;
}

export const SELECT_PARAMETERS = "reader, values, cursor, out, most";
export const INSERT_PARAMETERS = "reader, values, writing";
export const COLLECT_PARAMETERS = "reader, values, cursor, sorter";
export const CELLS_PARAMETERS = "values, cells";
export const CHANGE_PARAMETERS = "reader, values, writing, cursor";
