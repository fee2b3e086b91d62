/**
 * Prepared statements.
 *
 * `Prepared` is what the cache holds for a text: the parsed statement and its program, made anew when the schema that it
 * was made for is no longer the one that is read. `Statement` is what users have: the same, with their choice of a row's
 * shape. Parameters are read when an execution starts; results are the caller's own.
 */
import { DbError } from "../errors.ts";
import type { RowShape } from "./compile/select.ts";
import type { Connection } from "./connection.ts";
import type { ParsedStatement } from "./parse/ast/statement.ts";
import { parseStatement } from "./parse/parser.ts";
import { columnsOfPragma, type PragmaRows } from "./pragma/pragma.ts";
import { buildProgram, type Program } from "./program.ts";
import { ANALYSIS_COLUMNS, analyzeQuery } from "./query/analyzed-query.ts";
import type { HeldRow } from "./query/interpret/held-row.ts";
import type { QueryRun } from "./query/interpreted-query.ts";
import { columnsOfView, describeQuery, type QueryDescription, resultColumns } from "./query/result-columns.ts";
import type { QueryProgram } from "./query-program.ts";
import { Arguments, type SqlParameters } from "./run/arguments.ts";
import { resolutionOf } from "./run/constraint.ts";
import { Cursor } from "./run/cursor.ts";
import { isFull } from "./run/holding.ts";
import type { Writing } from "./run/write-support.ts";
import type { KeyspaceReader } from "./storage.ts";
import { INTEGER, type SqlValue } from "./value/value.ts";
import type { WriteExecution, WriteProgram } from "./write-program.ts";

/** Rows that are made before the first of them is given out by `iterate`. */
const ITERATE_ROWS = 256;

export interface RunResult {
  /** Rows inserted, updated or deleted. */
  readonly changes: number;
  /** The rowid of the row inserted last on this session. */
  readonly lastInsertRowid: number | bigint;
}

export type SqlRow = Record<string, SqlValue>;

export class Prepared {
  readonly parsed: ParsedStatement;
  readonly values: Arguments;
  /** Rows have every INTEGER as a bigint. Compiled code does not know an INTEGER from a REAL then, so queries are interpreted. */
  readonly bigints: boolean;
  #cursor: Cursor | undefined;
  #program: Program | undefined;
  #version: number;
  #functions: number;
  #query: QueryProgram | undefined;
  #run: QueryRun | undefined;
  #write: WriteProgram | undefined;
  #writeRun: WriteExecution | undefined;
  #writing: Writing | undefined;
  /** Whose the statement is now: the text may be prepared for one connection after the other. */
  #connection: Connection | undefined;

  constructor(parsed: ParsedStatement, bigints: boolean = false) {
    this.parsed = parsed;
    this.bigints = bigints;
    this.values = new Arguments(parsed.parameters);
    this.#cursor = undefined;
    this.#program = undefined;
    this.#version = -1;
    this.#functions = -1;
    this.#query = undefined;
    this.#run = undefined;
    this.#write = undefined;
    this.#writeRun = undefined;
    this.#writing = undefined;
    this.#connection = undefined;
  }

  /** Of compiled queries: reused by every execution that ends before it returns. */
  get cursor(): Cursor {
    this.#cursor ??= new Cursor();
    return this.#cursor;
  }

  /** What goes through the rows of a query with these parameters, for executions that end before they return. */
  run(query: QueryProgram): QueryRun {
    if (this.#query !== query) {
      this.#query = query;
      this.#run = query.run(this.values, this.bigints);
    }
    return this.#run!;
  }

  /** What carries out a write with these parameters. */
  write(write: WriteProgram, writing: Writing): WriteExecution {
    if (this.#write !== write || this.#writing !== writing) {
      this.#write = write;
      this.#writing = writing;
      this.#writeRun = write.prepare(this.values, writing);
    }
    return this.#writeRun!;
  }

  program(connection: Connection, reader: KeyspaceReader): Program {
    const { functions } = connection;
    this.#connection = connection;
    if (this.#version !== reader.schemaVersion || this.#functions !== functions.version) {
      const { holding, tier } = connection;
      const current = (): KeyspaceReader => this.#connection!.reader();
      const options = { holding, reader: current, functions, tier: this.bigints ? ("interpreted" as const) : tier };
      this.#program = buildProgram(this.parsed, connection.catalog(reader), options);
      this.#version = reader.schemaVersion;
      this.#functions = functions.version;
    }
    return this.#program!;
  }
}

/** `Row` is what a row is to the caller: an object unless `raw` or `pluck` was called. */
export class Statement<Row = SqlRow> {
  readonly #connection: Connection;
  readonly #prepared: Prepared;
  #shape: RowShape;

  /** Statements come from `SqlSession.prepare`. */
  constructor(connection: Connection, prepared: Prepared) {
    this.#connection = connection;
    this.#prepared = prepared;
    this.#shape = "object";
  }

  /** The text that it was prepared from. */
  get source(): string {
    return this.#prepared.parsed.text;
  }

  /** Whether it gives rows; if not it is for `run`. */
  get reader(): boolean {
    return columnsOf(this.#program(this.#connection.reader())) !== undefined;
  }

  /** The names of the result's columns. */
  get columns(): readonly string[] {
    return columnsOf(this.#program(this.#connection.reader())) ?? [];
  }

  /** The statement as it was parsed. */
  get parsed(): ParsedStatement {
    return this.#prepared.parsed;
  }

  /** The names of the result's columns, which columns of tables they are, and which tables the statement reads. */
  describe(): QueryDescription {
    const connection = this.#connection;
    const { parsed } = this.#prepared;
    const { statement } = parsed;
    if (statement.kind !== "query") {
      const program = this.#program(connection.reader());
      if (program.kind === "write" && program.write.bound.returning !== undefined) {
        return { columns: resultColumns(program.write.bound.returning.columns), tables: new Set() };
      }
      return { columns: this.columns.map((name) => ({ name, origin: undefined })), tables: new Set() };
    }
    return describeQuery(parsed, statement, connection.catalog(connection.reader()), connection.functions);
  }

  /** Resolves when something is committed that changes a table that the statement reads, or the schema. */
  changed(signal: AbortSignal): Promise<void> {
    const { tables } = this.describe();
    return this.#connection.changed(
      [...tables].map(({ keyspace }) => keyspace),
      signal,
    );
  }

  /** Rows in that shape from now on. */
  shaped(shape: RowShape): this {
    this.#shape = shape;
    return this;
  }

  /** Rows as arrays of values instead of objects. */
  raw(): Statement<SqlValue[]> {
    this.#shape = "array";
    return this as Statement<unknown> as Statement<SqlValue[]>;
  }

  /** The first column's value instead of rows. */
  pluck(): Statement<SqlValue> {
    this.#shape = "value";
    return this as Statement<unknown> as Statement<SqlValue>;
  }

  /** All rows. */
  all(...parameters: SqlParameters): Row[] {
    const out: unknown[] = [];
    this.#select(parameters, out, Number.POSITIVE_INFINITY);
    return out as Row[];
  }

  /** The first row; undefined where there is none. */
  get(...parameters: SqlParameters): Row | undefined {
    const out: unknown[] = [];
    this.#select(parameters, out, 1);
    return out[0] as Row | undefined;
  }

  /** Runs any statement; of a query the first row is found and dropped. */
  execute(...parameters: SqlParameters): RunResult {
    if (!this.#isQuery) {
      return this.run(...parameters);
    }
    this.get(...parameters);
    return { changes: 0, lastInsertRowid: this.#connection.lastRowid };
  }

  /** Runs any statement to its end; rows that it gives are dropped. */
  drain(): RunResult {
    if (!this.#isQuery) {
      return this.run();
    }
    this.all();
    return { changes: 0, lastInsertRowid: this.#connection.lastRowid };
  }

  /** Runs a statement that gives no rows. */
  run(...parameters: SqlParameters): RunResult {
    const { values } = this.#prepared;
    const connection = this.#connection;
    const program = this.#program(connection.reader());
    values.bind(parameters);
    const { writing } = connection;
    writing.begin();
    connection.enter();
    switch (program.kind) {
      case "query":
      case "rows":
      case "analysis":
        throw new DbError("INVALID", "this statement gives rows; use get(), all() or iterate()");
      case "write":
        this.#write(program.write);
        break;
      case "schema":
        if (program.changes.size > 0) {
          this.#withDisk((isExternal) => connection.change(program.changes, values, isExternal));
        }
        break;
      case "attachment":
        this.#attach(program);
        break;
      case "transaction":
        connection.control(program.statement);
        break;
      case "pragma":
        this.#pragma(program);
    }
    return { changes: writing.changes, lastInsertRowid: writing.lastRowid };
  }

  /**
   * Rows one after the other, made a batch at a time, over a snapshot of their own: what is written meanwhile is not
   * seen. Inside a transaction they are read from it. End the loop, or call `return`, to let go of the snapshot.
   */
  *iterate(...parameters: SqlParameters): Generator<Row, void, undefined> {
    const connection = this.#connection;
    const values = new Arguments(this.#prepared.parsed.parameters);
    values.bind(parameters);
    const snapshot = connection.inTransaction ? undefined : connection.snapshot();
    const cursor = new Cursor();
    try {
      const reader = snapshot ?? connection.reader();
      const program = this.#program(reader);
      if (program.kind === "write") {
        yield* this.#returned(program, parameters) as Row[];
        return;
      }
      if (program.kind !== "query") {
        yield* this.#known(program, parameters) as Row[];
        return;
      }
      const select = program.query.resumableFunctionOf(this.#shape);
      if (select === undefined) {
        const walk = { reader, isPinned: snapshot !== undefined, given: 0, isExternal: false, nowMs: Number.NaN };
        yield* this.#interpret(program.query, values, walk) as Generator<Row, void, undefined>;
        return;
      }
      let nowMs = Number.NaN;
      let given = 0;
      let isDone = false;
      while (!isDone) {
        const out: unknown[] = [];
        // Others may have run since the last batch.
        connection.enter(nowMs);
        try {
          isDone = select(reader, values, cursor, out, ITERATE_ROWS);
        } catch (error) {
          const walk = { reader, isPinned: snapshot !== undefined, given, isExternal: true, nowMs };
          this.#checkBeginsAnew(error, program.query, walk);
          // What it has kept is let go first.
          cursor.close();
          yield* this.#interpret(program.query, values, walk) as Generator<Row, void, undefined>;
          return;
        }
        nowMs = connection.nowMs;
        given += out.length;
        yield* out as Row[];
      }
    } finally {
      cursor.close();
      snapshot?.close();
    }
  }

  #program(reader: KeyspaceReader): Program {
    return this.#prepared.program(this.#connection, reader);
  }

  /** It gives rows and changes none. */
  get #isQuery(): boolean {
    const program = this.#program(this.#connection.reader());
    return (
      ["query", "rows", "analysis"].includes(program.kind) ||
      (program.kind === "pragma" && columnsOf(program) !== undefined)
    );
  }

  #select(parameters: SqlParameters, out: unknown[], left: number): void {
    const reader = this.#connection.reader();
    const prepared = this.#prepared;
    const program = prepared.program(this.#connection, reader);
    if (program.kind === "write") {
      out.push(...this.#returned(program, parameters).slice(0, left));
      return;
    }
    if (program.kind !== "query") {
      out.push(...this.#known(program, parameters).slice(0, left));
      return;
    }
    const { values } = prepared;
    values.bind(parameters);
    this.#connection.enter();
    try {
      this.#selectInMemory(program.query, reader, out, left);
    } catch (error) {
      this.#checkUsesDisk(error);
      out.length = 0;
      this.#selectInterpreted(program.query.run(values, prepared.bigints, true), reader, out, left);
    }
  }

  #selectInMemory(query: QueryProgram, reader: KeyspaceReader, out: unknown[], left: number): void {
    const prepared = this.#prepared;
    const select = query.functionOf(this.#shape);
    if (select === undefined) {
      this.#selectInterpreted(prepared.run(query), reader, out, left);
      return;
    }
    const { cursor, values } = prepared;
    cursor.begin(left);
    try {
      select(reader, values, cursor, out, Number.POSITIVE_INFINITY);
    } finally {
      cursor.close();
    }
  }

  #selectInterpreted(run: QueryRun, reader: KeyspaceReader, out: unknown[], left: number): void {
    try {
      run.open(reader);
      while (out.length < left && run.next()) {
        out.push(this.#row(run));
      }
    } finally {
      run.close();
    }
  }

  #row(run: QueryRun): unknown {
    if (this.#shape === "value") {
      // Functions of the session's may do anything when they are called: all columns are worked out, as in SQLite.
      return this.#connection.functions.version === 0 ? run.value(0) : run.array()[0];
    }
    return this.#shape === "array" ? run.array() : run.object();
  }

  /** The rows of a query that is interpreted, in the shape asked for; what it can no longer hold goes to disk, from the start. */
  *#interpret(query: QueryProgram, values: Arguments, walk: Walk): Generator<unknown, void, undefined> {
    const connection = this.#connection;
    const run = query.run(values, this.#prepared.bigints, walk.isExternal);
    let { nowMs, given } = walk;
    connection.enter(nowMs);
    try {
      run.open(walk.reader);
      for (let left = given; left > 0 && run.next(); left--) {
        // They were given out before it was begun anew.
      }
      while (run.next()) {
        const row = this.#row(run);
        nowMs = connection.nowMs;
        given++;
        yield row;
        // Others may have run since.
        connection.enter(nowMs);
      }
      return;
    } catch (error) {
      if (walk.isExternal) {
        throw error;
      }
      this.#checkBeginsAnew(error, query, { ...walk, given });
    } finally {
      run.close();
    }
    yield* this.#interpret(query, values, { ...walk, given, isExternal: true, nowMs });
  }

  /** Throws the error, unless it says that the statement holds too much, and may put that on disk. */
  #checkUsesDisk(error: unknown): void {
    if (!isFull(error) || this.#connection.holding.spillBytes === 0) {
      throw error;
    }
  }

  /** The same where rows were given out, which must come again to be left out. */
  #checkBeginsAnew(error: unknown, query: QueryProgram, { given, isPinned }: Walk): void {
    this.#checkUsesDisk(error);
    if (given > 0 && !(isPinned && query.isRepeatable)) {
      throw error;
    }
  }

  /** In memory, or where that is too much, anew with a disk. */
  #withDisk<T>(run: (isExternal: boolean) => T): T {
    try {
      return run(false);
    } catch (error) {
      this.#checkUsesDisk(error);
      return run(true);
    }
  }

  /** Rows that are there at once, in the shape asked for. */
  #known(program: Program, parameters: SqlParameters): unknown[] {
    return this.#knownRows(program, parameters).map((row) => this.#shaped(columnsOf(program)!, row));
  }

  #knownRows(program: Program, parameters: SqlParameters): readonly (readonly unknown[])[] {
    switch (program.kind) {
      case "rows":
        return this.#withIntegers(program.rows);
      case "pragma":
        return this.#withIntegers(this.#pragma(program));
      case "analysis": {
        const { values } = this.#prepared;
        values.bind(parameters);
        this.#connection.enter();
        const reader = this.#connection.reader();
        return this.#withDisk((isExternal) => analyzeQuery(program.query, reader, values, isExternal));
      }
      default:
        throw new DbError("INVALID", "this statement gives no rows; use run()");
    }
  }

  /** Does what a PRAGMA does; its rows. */
  #pragma({ pragma, schema, value }: Extract<Program, { kind: "pragma" }>): PragmaRows {
    const connection = this.#connection;
    const catalog = connection.catalog(connection.reader());
    const query = (text: string): PragmaRows =>
      new Statement(connection, new Prepared(parseStatement(text))).raw().all();
    return pragma.kind === "schema"
      ? pragma.rows(catalog, value, (view) => columnsOfView(view, catalog, connection.functions), schema)
      : pragma.rows({ connection, catalog, schema, query }, value);
  }

  /** Rows whose numbers are all integers. */
  #withIntegers(rows: readonly (readonly unknown[])[]): readonly (readonly unknown[])[] {
    return this.#prepared.bigints ? rows.map((row) => row.map(withBigint)) : rows;
  }

  #attach({ verb, query }: Extract<Program, { kind: "attachment" }>): void {
    const connection = this.#connection;
    const run = query.run(this.#prepared.values);
    let given: string[] = [];
    try {
      run.open(connection.reader());
      run.next();
      given = run.array().map((value) => (value === null ? "" : String(value)));
    } finally {
      run.close();
    }
    verb === "attach" ? connection.attach(given[0]!, given[1]!) : connection.detach(given[0]!);
  }

  /** The rows of RETURNING, or the count of changes: all is written before there is the first. */
  #returned(program: Extract<Program, { kind: "write" }>, parameters: SqlParameters): unknown[] {
    const { columns } = program.write;
    if (columns === undefined) {
      throw new DbError("INVALID", "this statement gives no rows; use run()");
    }
    const connection = this.#connection;
    this.#prepared.values.bind(parameters);
    connection.writing.begin();
    connection.enter();
    const { bigints } = this.#prepared;
    const returned = this.#write(program.write);
    if (program.write.bound.returning === undefined) {
      const { changes } = connection.writing;
      return [this.#shaped(columns, [bigints ? BigInt(changes) : changes])];
    }
    return returned.map(({ tags, values }) =>
      this.#shaped(
        columns,
        bigints ? values.map((value, index) => (tags[index] === INTEGER ? BigInt(value as number) : value)) : values,
      ),
    );
  }

  #shaped(columns: readonly string[], row: readonly unknown[]): unknown {
    switch (this.#shape) {
      case "array":
        return [...row];
      case "value":
        return row[0];
      default:
        return Object.fromEntries(columns.map((column, index) => [column, row[index]]));
    }
  }

  /** One that fails has changed nothing, which is what `changes()` then says. */
  #write(program: WriteProgram): readonly HeldRow[] {
    const connection = this.#connection;
    const { writing } = connection;
    let changes = 0;
    let returned: readonly HeldRow[] = [];
    try {
      returned = this.#withDisk((isExternal) =>
        isExternal ? this.#writeExternally(program) : this.#writeOnce(program),
      );
      changes = writing.changes;
    } catch (error) {
      // What FAIL leaves has been changed.
      changes = resolutionOf(error) === "fail" ? writing.changes : 0;
      throw error;
    } finally {
      connection.countChanges(changes);
    }
    return returned;
  }

  #writeOnce(program: WriteProgram): readonly HeldRow[] {
    const connection = this.#connection;
    const execution = this.#prepared.write(program, connection.writing);
    const isOneWrite = execution.begin();
    return connection.write((transaction) => execution.run(transaction), isOneWrite, program.table.schema);
  }

  /** What the first attempt has written was taken back. */
  #writeExternally(program: WriteProgram): readonly HeldRow[] {
    const connection = this.#connection;
    const { writing } = connection;
    writing.begin();
    const execution = program.prepareExternal(this.#prepared.values, writing);
    return connection.write((transaction) => execution.run(transaction), false, program.table.schema);
  }
}

/** How rows are gone through one by one. */
interface Walk {
  readonly reader: KeyspaceReader;
  /** Nothing that is written meanwhile is seen. */
  readonly isPinned: boolean;
  /** Rows that were given out. */
  readonly given: number;
  /** What is held may go to disk. */
  readonly isExternal: boolean;
  readonly nowMs: number;
}

/** Pragmas have no reals. */
function withBigint(value: unknown): unknown {
  return typeof value === "number" ? BigInt(value) : value;
}

/** The names of the columns of a program that gives rows. */
function columnsOf(program: Program): readonly string[] | undefined {
  switch (program.kind) {
    case "rows":
      return program.columns;
    case "analysis":
      return ANALYSIS_COLUMNS;
    case "query":
      return program.query.columns;
    case "write":
      return program.write.columns;
    case "pragma":
      return columnsOfPragma(program.pragma, program.value);
    default:
      return undefined;
  }
}
