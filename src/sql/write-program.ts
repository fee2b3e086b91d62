/**
 * An INSERT, UPDATE or DELETE that is ready to run, in two forms: interpreted, which has everything and is there at once, and
 * compiled, for tables and statements that compile/write/compiled-write.ts tells. It is compiled once it has written so many rows
 * that compiling would have cost less.
 */
import type { Schema, Table, View } from "./catalog/schema.ts";
import type { Emitter } from "./compile/emitter.ts";
import {
  CHANGE_PARAMETERS,
  type ChangeFunction,
  compileFunction,
  INSERT_PARAMETERS,
  type InsertFunction,
} from "./compile/function.ts";
import { type EmittedChange, emitDelete, emitUpdate } from "./compile/write/change.ts";
import { compiledScan, hasCompiledInsert, onlyRow } from "./compile/write/compiled-write.ts";
import { emitInsert } from "./compile/write/insert.ts";
import type { ParsedStatement } from "./parse/ast/statement.ts";
import type { Delete, Insert, Update } from "./parse/ast/write.ts";
import type { Bound } from "./query/bind/bound.ts";
import type { HeldRow } from "./query/interpret/held-row.ts";
import { COMPILE_COST, type Plans, type QueryPlan, RUN_COST } from "./query/plan/plan.ts";
import type { ProgramOptions } from "./query-program.ts";
import type { Arguments } from "./run/arguments.ts";
import { Cursor } from "./run/cursor.ts";
import type { Writing } from "./run/write-support.ts";
import type { SqlTransaction } from "./storage.ts";
import { ANY_TYPE } from "./value/value.ts";
import type { BoundWrite } from "./write/bind/bound.ts";
import { InterpretedWrite, type PreparedWrite } from "./write/interpreted-write.ts";

/** `isOneWrite`: it writes once, as its last act. */
type Compiled =
  /** The whole of an INSERT of one row. */
  | { readonly kind: "row"; readonly call: InsertFunction; readonly isOneWrite: boolean }
  | { readonly kind: "change"; readonly call: ChangeFunction; readonly isOneWrite: boolean };

const COUNT_COLUMNS = { insert: ["rows inserted"], update: ["rows updated"], delete: ["rows deleted"] } as const;

export class WriteProgram {
  readonly table: Table;
  readonly #interpreted: InterpretedWrite;
  readonly #options: ProgramOptions;
  #compiled: Compiled | undefined;
  #rowFunction: InsertFunction | undefined;
  #rowsSeen: number;

  constructor(
    parsed: ParsedStatement,
    statement: Insert | Update | Delete,
    target: Table | View,
    schema: Schema,
    options: ProgramOptions,
  ) {
    this.#interpreted = new InterpretedWrite(parsed, statement, target, schema, options);
    this.table = this.#interpreted.bound.target.table;
    this.#options = options;
    this.#compiled = undefined;
    this.#rowFunction = undefined;
    this.#rowsSeen = 0;
  }

  /** Names of RETURNING's columns, or of the count of its changes; undefined: it gives no rows. */
  get columns(): readonly string[] | undefined {
    return this.#interpreted.columns ?? this.#countColumns;
  }

  /** With PRAGMA count_changes. */
  get #countColumns(): readonly string[] | undefined {
    return this.#options.functions.dialect.countsChanges ? COUNT_COLUMNS[this.bound.kind] : undefined;
  }

  get bound(): BoundWrite {
    return this.#interpreted.bound;
  }

  /** How the rows are found; undefined: there is no query. */
  get plan(): QueryPlan | undefined {
    return this.#interpreted.plan;
  }

  /** The plans of the queries in it. */
  get plans(): Plans {
    return this.#interpreted.plans;
  }

  /** The text of the compiled form; undefined: there is none. */
  get text(): string | undefined {
    const { bound, usesSession } = this.#interpreted;
    if (usesSession) {
      return undefined;
    }
    const emitter = bound.kind === "insert" ? (this.#emitRow() ?? this.#emitAnyRow()) : this.#emitChange()?.emitter;
    const [name, parameters] = bound.kind === "insert" ? ["insert", INSERT_PARAMETERS] : ["change", CHANGE_PARAMETERS];
    return emitter === undefined ? undefined : compileFunction(emitter, name, parameters).text;
  }

  /** What carries it out, with parameters of its own; one execution at a time. */
  prepare(values: Arguments, writing: Writing): WriteExecution {
    const prepared = this.#interpreted.prepare(values, writing, false, (rows) => this.#rowFunctionAfter(rows));
    return new WriteExecution(this, prepared, values, writing);
  }

  /** The same for one that holds too much for memory: interpreted, and with a disk. */
  prepareExternal(values: Arguments, writing: Writing): PreparedWrite {
    return this.#interpreted.prepare(values, writing, true, (rows) => this.#rowFunctionAfter(rows));
  }

  /** What carries out the whole statement, counting a run; undefined: it is to be interpreted. */
  compiled(): Compiled | undefined {
    if (this.#compiled === undefined && this.#isDue(RUN_COST + costOf(this.plan))) {
      this.#compiled = this.#compile();
    }
    return this.#compiled;
  }

  /** What inserts a row of a query, of which there have been so many. */
  #rowFunctionAfter(rows: number): InsertFunction | undefined {
    if (this.#rowFunction === undefined && this.#isDue(rows * RUN_COST)) {
      const emitter = this.#emitAnyRow();
      this.#rowFunction =
        emitter === undefined ? undefined : compileFunction<InsertFunction>(emitter, "insert", INSERT_PARAMETERS).call;
    }
    return this.#rowFunction;
  }

  #isDue(cost: number): boolean {
    const { tier } = this.#options;
    if (this.#interpreted.usesSession) {
      return false;
    }
    this.#rowsSeen += cost;
    return tier === "compiled" || (tier === "auto" && this.#rowsSeen >= COMPILE_COST);
  }

  #compile(): Compiled | undefined {
    const { bound } = this.#interpreted;
    if (bound.kind === "insert") {
      const emitter = this.#emitRow();
      return emitter === undefined
        ? undefined
        : {
            kind: "row",
            call: compileFunction<InsertFunction>(emitter, "insert", INSERT_PARAMETERS).call,
            isOneWrite: bound.target.indexes.length === 0,
          };
    }
    const change = this.#emitChange();
    return change === undefined
      ? undefined
      : {
          kind: "change",
          call: compileFunction<ChangeFunction>(change.emitter, "change", CHANGE_PARAMETERS).call,
          isOneWrite: change.isOneWrite,
        };
  }

  /** An INSERT of one row, whose cells are worked out in place. */
  #emitRow(): Emitter | undefined {
    const { bound, hasForeignKeys } = this.#interpreted;
    const row = bound.kind === "insert" ? onlyRow(bound) : undefined;
    return bound.kind === "insert" && row !== undefined && hasCompiledInsert(bound, hasForeignKeys)
      ? emitInsert(bound, (place) => row[place]!)
      : undefined;
  }

  /** An INSERT of any row: its cells are the parameters. */
  #emitAnyRow(): Emitter | undefined {
    const { bound, hasForeignKeys } = this.#interpreted;
    const cellOf = (place: number): Bound => ({ kind: "parameter", types: ANY_TYPE, index: place + 1 });
    return bound.kind === "insert" && hasCompiledInsert(bound, hasForeignKeys) ? emitInsert(bound, cellOf) : undefined;
  }

  #emitChange(): EmittedChange | undefined {
    const { bound, plan, hasForeignKeys } = this.#interpreted;
    const scan = bound.kind === "insert" ? undefined : compiledScan(bound, plan!, hasForeignKeys);
    if (scan === undefined || bound.kind === "insert") {
      return undefined;
    }
    return bound.kind === "update" ? emitUpdate(bound, scan) : emitDelete(bound, scan);
  }
}

function costOf(plan: QueryPlan | undefined): number {
  return plan?.body.kind === "core" ? plan.body.cost : 0;
}

export class WriteExecution {
  readonly #program: WriteProgram;
  readonly #prepared: PreparedWrite;
  readonly #values: Arguments;
  readonly #writing: Writing;
  readonly #cursor: Cursor;
  #compiled: Compiled | undefined;

  constructor(program: WriteProgram, prepared: PreparedWrite, values: Arguments, writing: Writing) {
    this.#program = program;
    this.#prepared = prepared;
    this.#values = values;
    this.#writing = writing;
    this.#cursor = new Cursor();
    this.#compiled = undefined;
  }

  /** Decides on the form. True: it writes once, as its last act, so that one that fails has written nothing. */
  begin(): boolean {
    this.#compiled = this.#program.compiled();
    return this.#compiled?.isOneWrite === true;
  }

  /** The rows of RETURNING. */
  run(transaction: SqlTransaction): readonly HeldRow[] {
    const compiled = this.#compiled;
    if (compiled === undefined) {
      return this.#prepared.run(transaction);
    }
    const writing = this.#writing;
    if (compiled.kind === "row") {
      writing.changes += compiled.call(transaction, this.#values, writing);
      return NO_ROWS;
    }
    const cursor = this.#cursor;
    cursor.begin(Number.POSITIVE_INFINITY);
    try {
      compiled.call(transaction, this.#values, writing, cursor);
    } finally {
      cursor.close();
    }
    return NO_ROWS;
  }
}

const NO_ROWS: readonly HeldRow[] = [];
