/** What all queries of one statement share: its text and the places in it, the catalog, and what is noted while it is bound. */
import type { DbError, DbErrorCode } from "../../../errors.ts";
import { foldName } from "../../catalog/name.ts";
import {
  type Column,
  ROWID_INDEX,
  type Schema,
  type Table,
  type View,
  type VirtualTable,
} from "../../catalog/schema.ts";
import type { ParsedStatement } from "../../parse/ast/statement.ts";
import { errorAt } from "../../parse/syntax-error.ts";
import type { SessionFunction, SessionFunctions } from "../../run/session-functions.ts";
import type { TableFunction } from "../../run/table-function.ts";
import { BUILT_IN_COLLATIONS, type Collation } from "../../value/collation.ts";
import type { Origin, Source, SourceColumn } from "./bound.ts";
import type { StatementNotes } from "./statement-notes.ts";

export class StatementContext {
  readonly catalog: Schema;
  readonly functions: SessionFunctions;
  /** The views whose queries this is in, the outermost first. */
  readonly views: readonly View[];
  /** Where a name without a schema is looked for; undefined: in all. What a view or trigger names is in its own schema. */
  readonly home: string | undefined;
  readonly #parsed: ParsedStatement;
  protected readonly notes: StatementNotes;

  constructor(
    parsed: ParsedStatement,
    catalog: Schema,
    functions: SessionFunctions,
    notes: StatementNotes,
    views: readonly View[],
    home: string | undefined,
  ) {
    this.catalog = catalog;
    this.functions = functions;
    this.views = views;
    this.home = home;
    this.#parsed = parsed;
    this.notes = notes;
  }

  /** Whether all names are to be bound, also those that nothing depends on. */
  get isObserved(): boolean {
    return this.notes.observer !== undefined;
  }

  /** Whether only names matter: functions need not be there, nor make sense where they stand. */
  get isRenaming(): boolean {
    return this.notes.isRenaming;
  }

  /** A name at `at` means this column. */
  meansColumn(at: number, source: Source, { index }: SourceColumn, namesake: Table | undefined): void {
    const { origin } = source;
    if (this.notes.observer === undefined || (origin.kind !== "table" && origin.kind !== "record")) {
      return;
    }
    const { table } = origin;
    const column = index === ROWID_INDEX ? table.rowidColumn : table.columns[index];
    if (column !== undefined) {
      this.meansColumnOf(at, table, column, namesake);
    }
  }

  meansColumnOf(at: number, table: Table, column: Column, namesake: Table | undefined): void {
    this.notes.observer?.column(this.#parsed, at, table, column, namesake);
  }

  /** A name at `at` means this table. */
  meansTable(at: number, table: Table): void {
    this.notes.observer?.table(this.#parsed, at, table);
  }

  table(schema: string | undefined, name: string): Table | undefined {
    return this.catalog.table(schema ?? this.home, name);
  }

  view(schema: string | undefined, name: string): View | undefined {
    return this.catalog.view(schema ?? this.home, name);
  }

  /** The tables that stand in a FROM of what was bound so far. */
  get tables(): ReadonlySet<Table> {
    return this.notes.tables;
  }

  /** The session's own function that a call means; undefined: it has none. */
  sessionCall(name: string, count: number): SessionFunction | undefined {
    return this.#noted(this.functions.call(name, count));
  }

  /** The session's own table function; `name` is in lower case. */
  sessionTable(name: string): TableFunction | undefined {
    return this.#noted(this.functions.table(name));
  }

  virtualTable(table: VirtualTable): TableFunction {
    return this.#noted(this.functions.virtualTable(table));
  }

  /** Whether what was bound so far has functions or tables of the session's own. */
  get usesSession(): boolean {
    return this.notes.usesSession;
  }

  /** Whether what was bound so far has functions that draw or count. */
  get draws(): boolean {
    return this.notes.draws;
  }

  set draws(draws: boolean) {
    this.notes.draws = draws;
  }

  #noted<Found>(found: Found): Found {
    this.notes.usesSession ||= found !== undefined;
    return found;
  }

  newSource(name: string, columns: readonly SourceColumn[], rowid: SourceColumn | undefined, origin: Origin): Source {
    if (origin.kind === "table") {
      this.notes.tables.add(origin.table);
    }
    return { id: this.notes.sources++, name, columns, rowid, origin };
  }

  newQueryId(): number {
    return this.notes.queries++;
  }

  /** The collation of this name; undefined is BINARY. */
  collation(name: string, at: number): Collation | undefined {
    const folded = foldName(name);
    if (!BUILT_IN_COLLATIONS.has(folded) && !this.isRenaming) {
      throw this.fail(`no such collation sequence: ${name}`, at);
    }
    return BUILT_IN_COLLATIONS.get(folded);
  }

  /** What the text has at a place. */
  characterAt(at: number): string | undefined {
    return this.#parsed.text[at - this.#parsed.start];
  }

  /** The name of a function as it stands at `at`: the parser has it in lower case. */
  written(folded: string, at: number): string {
    const start = at - this.#parsed.start;
    const text = this.#parsed.text.slice(start, start + folded.length);
    return text.toLowerCase() === folded ? text : folded;
  }

  fail(message: string, at: number, code: DbErrorCode = "INVALID"): DbError {
    return errorAt(code, message, this.#parsed.text, at - this.#parsed.start);
  }
}
