/** Prepared statements with better-sqlite3's methods, checks and messages. */

import type { Statement as SqlStatement } from "../index.ts";
import type { ParsedStatement } from "../parse/ast/statement.ts";
import type { Arguments } from "../run/arguments.ts";
import { asyncRows } from "./async-rows.ts";
import { Binder } from "./binder.ts";
import { toSqliteError } from "./error-code.ts";
import { expandedText } from "./expanded-text.ts";
import { isReadOnly } from "./read-only.ts";
import { type RowMode, rowMaker, SHAPES } from "./rows.ts";
import type { ConnectionState } from "./state.ts";
import { StatementIterator } from "./statement-iterator.ts";
import { toggled } from "./toggled.ts";

export interface RunResult {
  changes: number;
  lastInsertRowid: number | bigint;
}

export interface ColumnDefinition {
  name: string;
  column: string | null;
  table: string | null;
  database: string | null;
  type: string | null;
}

/** What `prepare` hands to the constructor, which is nobody else's to call. */
export interface StatementSource {
  readonly state: ConnectionState;
  readonly database: object;
  readonly text: string;
  readonly parse: (text: string) => ParsedStatement;
  /** It gives rows even where it has no columns. */
  readonly isPragma: boolean;
}

const privileged: { source: StatementSource | undefined } = { source: undefined };

/** A new statement. */
export function prepareStatement(source: StatementSource): Statement {
  privileged.source = source;
  try {
    return new Statement();
  } catch (error) {
    throw toSqliteError(error);
  } finally {
    privileged.source = undefined;
  }
}

const MOST_ITERATORS = 65_535;

export class Statement<BindParameters extends unknown[] = unknown[], Result = unknown> {
  /** Whether it gives rows. */
  readonly reader: boolean;
  /** Whether it changes nothing. */
  readonly readonly: boolean;
  readonly source: string;
  readonly database: object;
  readonly #from: StatementSource;
  readonly #state: ConnectionState;
  readonly #binder: Binder;
  #inner: SqlStatement;
  #mode: RowMode;
  #safeIntegers: boolean;
  #isBound: boolean;
  #isLocked: boolean;
  #maker:
    | { readonly inner: SqlStatement; readonly names: readonly string[]; readonly make: (row: unknown) => unknown }
    | undefined;

  constructor() {
    const { source } = privileged;
    if (source === undefined) {
      throw new TypeError("Statements can only be constructed by the db.prepare() method");
    }
    const { state } = source;
    this.#from = source;
    this.#state = state;
    this.#safeIntegers = state.safeIntegers;
    this.#inner = this.#prepare();
    const { parsed } = this.#inner;
    this.#binder = new Binder(parsed.parameters);
    this.#mode = "flat";
    this.#isBound = false;
    this.#isLocked = false;
    this.#maker = undefined;
    this.reader = source.isPragma || this.#inner.reader;
    this.readonly = isReadOnly(parsed.statement);
    this.source = source.text;
    this.database = source.database;
  }

  /**
   * Where it ends in its source.
   * @internal
   */
  get end(): number {
    const { start, text } = this.#inner.parsed;
    return start + text.length;
  }

  /** Whether it gives rows to an iterator that is not at its end. */
  get busy(): boolean {
    return this.#state.isOpen && this.#isLocked;
  }

  /** Runs it, and says what it has changed. Of one that gives rows the first alone is asked for. */
  run(...parameters: BindParameters): RunResult {
    const state = this.#state;
    this.#requireIdle();
    state.requireNoIteratorsUnlessUnsafe();
    const values = this.#bind(parameters);
    const inner = this.#inner;
    return state.whileBusy(() => {
      state.log(inner, values);
      const { changes, lastInsertRowid } = state.patiently(() => inner.execute(values));
      return {
        changes,
        lastInsertRowid: this.#safeIntegers ? BigInt(lastInsertRowid) : Number(lastInsertRowid),
      };
    });
  }

  /** The first row. */
  get(...parameters: BindParameters): Result | undefined {
    const values = this.#begin(parameters);
    const state = this.#state;
    const inner = this.#inner;
    let row: unknown;
    state.isBusy = true;
    try {
      state.log(inner, values);
      const shaped = inner.shaped(SHAPES[this.#mode]);
      row = this.readonly ? shaped.get(values) : state.patiently(() => shaped.get(values));
    } catch (error) {
      throw toSqliteError(error);
    } finally {
      state.isBusy = false;
    }
    return row === undefined ? undefined : (this.#make()(row) as Result);
  }

  /** All rows. */
  all(...parameters: BindParameters): Result[] {
    const values = this.#begin(parameters);
    const inner = this.#inner;
    const rows: unknown[] = this.#state.whileBusy(() => {
      this.#state.log(inner, values);
      const shaped = inner.shaped(SHAPES[this.#mode]);
      return this.#state.patiently(() => shaped.all(values));
    });
    const make = this.#make();
    for (let index = 0; index < rows.length; index++) {
      rows[index] = make(rows[index]);
    }
    return rows as Result[];
  }

  /** The rows one after the other, as they are asked for. */
  iterate(...parameters: BindParameters): IterableIterator<Result> {
    const state = this.#state;
    this.#requireReader();
    this.#requireIdle();
    if (state.iterators === MOST_ITERATORS) {
      throw new RangeError("Too many active database iterators");
    }
    const values = this.#bind(parameters);
    const inner = this.#inner.shaped(SHAPES[this.#mode]);
    this.#isLocked = true;
    state.iterators++;
    let make: ((row: unknown) => unknown) | undefined;
    return new StatementIterator<Result, this>(this, {
      state,
      log: () => state.log(inner, values),
      rows: inner.iterate(values),
      make: (row) => {
        make ??= this.#make();
        return make(row) as Result;
      },
      unlock: () => {
        this.#isLocked = false;
        state.iterators--;
      },
    });
  }

  /**
   * The rows for `for await`, of a snapshot, a few milliseconds of them in a turn of the event loop. The statement and the
   * connection may be used meanwhile, for writes, too. Not inside a transaction.
   */
  iterateAsync(...parameters: BindParameters): AsyncGenerator<Result, void, undefined> {
    const state = this.#state;
    this.#requireReader();
    state.requireOpen();
    state.requireNotBusy();
    if (!this.readonly || state.session.inTransaction) {
      throw new TypeError("The iterateAsync() method is for statements that change nothing, outside of a transaction");
    }
    const bound = this.#isBound ? this.#bind(parameters) : new Binder(this.#inner.parsed.parameters).bind(parameters);
    const inner = this.#prepare().shaped(SHAPES[this.#mode]);
    state.log(inner, bound);
    const make = rowMaker(this.#mode, this.#safeIntegers, inner.columns, () => inner.describe().columns);
    return asyncRows(state, inner.iterate(bound), (row) => make(row) as Result);
  }

  /**
   * Resolves when something is committed that may change its rows.
   * @internal
   */
  changed(signal: AbortSignal): Promise<void> {
    return this.#inner.changed(signal);
  }

  /** Binds parameters for good. */
  bind(...parameters: BindParameters): this {
    if (this.#isBound) {
      throw new TypeError("The bind() method can only be invoked once per statement object");
    }
    this.#requireIdle();
    this.#binder.bind(parameters);
    this.#isBound = true;
    return this;
  }

  /** Rows are their first column. */
  pluck(...given: [toggleState?: boolean]): this {
    return this.#setMode("pluck", given);
  }

  /** Rows are objects with an object for each table. */
  expand(...given: [toggleState?: boolean]): this {
    return this.#setMode("expand", given);
  }

  /** Rows are arrays. */
  raw(...given: [toggleState?: boolean]): this {
    return this.#setMode("raw", given);
  }

  /** Whether INTEGERs are bigints. */
  safeIntegers(...given: [toggleState?: boolean]): this {
    this.#state.requireNotBusy();
    this.#requireUnlocked();
    this.#safeIntegers = toggled(given);
    if (this.#state.isOpen) {
      this.#inner = this.#state.whileBusy(() => this.#prepare());
    }
    this.#maker = undefined;
    return this;
  }

  /** What the result's columns are called and come from. */
  columns(): ColumnDefinition[] {
    if (!this.reader) {
      throw new TypeError("The columns() method is only for statements that return data");
    }
    this.#state.requireOpen();
    this.#state.requireNotBusy();
    return this.#inner.describe().columns.map(({ name, origin }) => ({
      name,
      column: origin?.column ?? null,
      table: origin?.table ?? null,
      database: origin?.schema ?? null,
      type: origin?.type ?? null,
    }));
  }

  /** Its text, with the values that `bind` has bound. */
  toString(): string {
    return expandedText(this.#inner.parsed, this.#isBound && this.#state.isOpen ? this.#binder.values : undefined);
  }

  #prepare(): SqlStatement {
    const { text, parse } = this.#from;
    return this.#state.session.prepare(text, { parse, bigints: this.#safeIntegers });
  }

  #begin(parameters: readonly unknown[]): Arguments {
    this.#requireReader();
    this.#requireIdle();
    return this.#bind(parameters);
  }

  #bind(parameters: readonly unknown[]): Arguments {
    if (!this.#isBound) {
      return this.#binder.bind(parameters);
    }
    if (parameters.length > 0) {
      throw new TypeError("This statement already has bound parameters");
    }
    return this.#binder.values;
  }

  /** What makes rows of the engine's; the columns may be others since the schema has changed. */
  #make(): (row: unknown) => unknown {
    const inner = this.#inner;
    const names = inner.columns;
    if (this.#maker?.inner !== inner || this.#maker.names !== names) {
      const make = rowMaker(this.#mode, this.#safeIntegers, names, () => inner.describe().columns);
      this.#maker = { inner, names, make };
    }
    return this.#maker.make;
  }

  #setMode(mode: Exclude<RowMode, "flat">, given: readonly unknown[]): this {
    if (!this.reader) {
      throw new TypeError(`The ${mode}() method is only for statements that return data`);
    }
    this.#state.requireNotBusy();
    this.#requireUnlocked();
    if (toggled(given)) {
      this.#mode = mode;
    } else if (this.#mode === mode) {
      this.#mode = "flat";
    }
    this.#maker = undefined;
    return this;
  }

  #requireReader(): void {
    if (!this.reader) {
      throw new TypeError("This statement does not return data. Use run() instead");
    }
  }

  #requireIdle(): void {
    this.#state.requireOpen();
    this.#state.requireNotBusy();
    this.#requireUnlocked();
  }

  #requireUnlocked(): void {
    if (this.#isLocked) {
      throw new TypeError("This statement is busy executing a query");
    }
  }
}
