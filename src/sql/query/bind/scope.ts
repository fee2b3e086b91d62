/**
 * What names mean at one place of a statement: the columns of the sources in FROM, the aliases of the result, and whether
 * aggregates and window functions may stand there.
 *
 * A name that the query's own sources do not have is looked up among its aliases, then in the queries around it. A source of
 * a query around it that is found so makes every query on the way depend on it (`outer`).
 */
import type { DbError } from "../../../errors.ts";
import { foldName, fullName } from "../../catalog/name.ts";
import type { Schema, Trigger, View } from "../../catalog/schema.ts";
import type { Expression, NamedWindow, Query } from "../../parse/ast/query.ts";
import type { ParsedStatement } from "../../parse/ast/statement.ts";
import type { SessionFunctions } from "../../run/session-functions.ts";
import {
  type AggregateCall,
  type Bound,
  type BoundQuery,
  columnOf,
  resultColumn,
  type Source,
  type SourceColumn,
  type WindowCall,
} from "./bound.ts";
import type { Place } from "./place.ts";
import { StatementContext } from "./statement-context.ts";
import { newNotes, type StatementNotes } from "./statement-notes.ts";
import { explicitAmong } from "./traits.ts";
import { columnAmong, isBare, isNamed, lone, type VisibleSource } from "./visible-source.ts";
import { isSameAggregate, sourcesReadBy } from "./walk.ts";

const MOST_VIEWS = 200;
const NO_SOURCES: ReadonlySet<Source> = new Set();

export const ROWID_NAMES: ReadonlySet<string> = new Set(["rowid", "oid", "_rowid_"]);

/** How the expressions and queries in each other are bound. */
export interface Binders {
  readonly expression: (scope: Scope, expression: Expression) => Bound;
  readonly query: (scope: Scope, query: Query) => BoundQuery;
}

/** A query that FROM can name: WITH. */
export interface CommonQuery {
  /** `scope` is that of the SELECT in whose FROM the name stands. */
  refer(scope: Scope, at: number): CommonReference;
}

export interface CommonReference {
  /** Undefined inside the recursive part of itself, where its rows are `recursion`. */
  readonly query: BoundQuery | undefined;
  readonly columns: readonly string[] | undefined;
  readonly materialized: boolean | undefined;
  readonly recursion: Source | undefined;
  readonly references: { readonly count: number };
}

/** A name of a result column, as it was given. */
interface Alias {
  readonly name: string;
  readonly expression: Expression;
}

/** A statement as that in which scopes are opened, and parts of other texts that belong to it: views, triggers, definitions. */
export class StatementScope extends StatementContext {
  readonly #binders: Binders;

  constructor(
    parsed: ParsedStatement,
    catalog: Schema,
    functions: SessionFunctions,
    binders: Binders,
    notes: StatementNotes = newNotes(),
    views: readonly View[] = [],
    home: string | undefined = undefined,
  ) {
    super(parsed, catalog, functions, notes, views, home);
    this.#binders = binders;
  }

  /** For parts of another text that belong to the statement: of its table's definition. */
  within(parsed: ParsedStatement): StatementScope {
    return this.#inside(parsed, this.views, this.home);
  }

  /** For what is in a trigger. */
  withinTrigger({ definition, schema }: Trigger): StatementScope {
    return this.#inside(definition, this.views, homeOf(schema));
  }

  /** The query of a view, which sees nothing of what is around it. */
  viewQuery(view: View, at: number): BoundQuery {
    const { views } = this;
    if (views.includes(view)) {
      throw this.fail(`view ${view.name} is circularly defined`, at);
    }
    if (views.length === MOST_VIEWS) {
      throw this.fail(`views inside one another: ${MOST_VIEWS} at the most`, at, "FULL");
    }
    const inner = this.#inside(view.definition, [...views, view], homeOf(view.schema));
    return this.#binders.query(inner.newScope(), view.statement.query);
  }

  /** A scope that sees nothing. */
  newScope(): Scope {
    return new Scope(this, this.#binders, undefined);
  }

  /** Where there is one source alone, such as a part of a table's definition, which knows the table by its own name. */
  scopeOf(source: Source): Scope {
    const scope = this.newScope();
    const { origin } = source;
    const namesake = origin.kind === "table" || origin.kind === "record" ? origin.table : undefined;
    scope.sources.push({ ...lone(namesake?.name ?? source.name, namesake?.schema, source), namesake });
    return scope;
  }

  #inside(parsed: ParsedStatement, views: readonly View[], home: string | undefined): StatementScope {
    return new StatementScope(parsed, this.catalog, this.functions, this.#binders, this.notes, views, home);
  }
}

/** What is temporary may name everything. */
function homeOf(schema: string): string | undefined {
  return schema === "temp" ? undefined : schema;
}

export class Scope {
  readonly statement: StatementScope;
  readonly around: Scope | undefined;
  readonly sources: VisibleSource[];
  /** What waits until all of FROM is visible. */
  readonly afterFrom: (() => void)[];
  /** Conditions of inner joins that read sources to their right, which are conditions of WHERE. */
  readonly lateConditions: Bound[];
  /** What aggregates may not stand in: something about single rows, the argument of one; undefined: they may. */
  aggregatesRefused: "row" | "argument" | undefined;
  /** Nor may window functions. */
  windowsRefused: boolean;
  /** It is that of NEW and OLD. */
  isTrigger: boolean;
  /** Undefined: a query, where everything may stand. */
  place: Place | undefined;
  /** Its rows make groups, by GROUP BY or by aggregates among its columns. */
  isGrouped: boolean;
  /** Aliases of the result may be meant. */
  aliasesVisible: boolean;
  /** Its result has a `*`. */
  hasStar: boolean;
  readonly aggregates: AggregateCall[];
  readonly windowCalls: WindowCall[];
  /** The alias whose expression is being bound. */
  #aliasInside: Alias | undefined;
  // Most scopes have none of these, so that they are made when there is something to put in.
  #shownNames: Map<SourceColumn, string> | undefined;
  #common: Map<string, CommonQuery> | undefined;
  #windows: Map<string, NamedWindow> | undefined;
  #outer: Set<Source> | undefined;
  #aliases: Map<string, Alias> | undefined;
  #bound: Map<Query, BoundQuery> | undefined;
  #aggregateSource: { readonly source: Source; readonly columns: SourceColumn[] } | undefined;
  #windowSource: { readonly source: Source; readonly columns: SourceColumn[] } | undefined;

  readonly #binders: Binders;

  constructor(statement: StatementScope, binders: Binders, around: Scope | undefined) {
    this.statement = statement;
    this.#binders = binders;
    this.around = around;
    this.sources = [];
    this.afterFrom = [];
    this.lateConditions = [];
    this.aggregatesRefused = undefined;
    this.windowsRefused = false;
    this.isTrigger = false;
    this.place = undefined;
    this.hasStar = false;
    this.isGrouped = false;
    this.aliasesVisible = false;
    this.aggregates = [];
    this.windowCalls = [];
    this.#aliasInside = undefined;
    this.#shownNames = undefined;
    this.#common = undefined;
    this.#windows = undefined;
    this.#outer = undefined;
    this.#aliases = undefined;
    this.#bound = undefined;
    this.#aggregateSource = undefined;
    this.#windowSource = undefined;
  }

  /** Sources of the queries around this one that it reads. */
  get outer(): ReadonlySet<Source> {
    return this.#outer ?? NO_SOURCES;
  }

  expression(expression: Expression): Bound {
    return this.#binders.expression(this, expression);
  }

  get isInTrigger(): boolean {
    return this.isTrigger || this.around?.isInTrigger === true;
  }

  /** Fails if what is called `what` may not stand here. */
  refuse(what: string, at: number): void {
    if (this.place !== undefined) {
      throw this.statement.fail(`${what} prohibited in ${this.place.name}`, at);
    }
  }

  /** A subquery of an expression here; looked at twice it is bound once. */
  query(query: Query): BoundQuery {
    this.refuse("subqueries", query.at);
    let bound = this.#bound?.get(query);
    if (bound === undefined) {
      bound = this.#binders.query(this, query);
      this.#bound ??= new Map();
      this.#bound.set(query, bound);
      this.addOuter(bound.outer);
    }
    return bound;
  }

  /** A query in FROM, which sees nothing of the others there. */
  subqueryInFrom(query: Query): BoundQuery {
    return this.#binders.query(this.around ?? this, query);
  }

  /** Where there are no rows: LIMIT, which sees what WITH names and nothing else. */
  rowless(): Scope {
    const scope = this.statement.newScope();
    scope.aggregatesRefused = "row";
    scope.windowsRefused = true;
    for (let around: Scope | undefined = this; around !== undefined; around = around.around) {
      for (const [name, common] of around.#common ?? []) {
        if (scope.#common?.has(name) !== true) {
          scope.addCommon(name, common);
        }
      }
    }
    return scope;
  }

  /** Whether an expression reads the result of a window function of this query. */
  readsWindows(bound: Bound): boolean {
    return this.#windowSource !== undefined && sourcesReadBy(bound).has(this.#windowSource.source);
  }

  /** Whether an expression reads an aggregate of this query. */
  readsAggregates(bound: Bound): boolean {
    return this.#aggregateSource !== undefined && sourcesReadBy(bound).has(this.#aggregateSource.source);
  }

  /** The source of the aggregates; without any, of none. */
  groupSource(): Source {
    this.#aggregateSource ??= this.#newSource("groups");
    return this.#aggregateSource.source;
  }

  /** The scope of a query inside this one. */
  inner(): Scope {
    return new Scope(this.statement, this.#binders, this);
  }

  get windowSource(): Source | undefined {
    return this.#windowSource?.source;
  }

  addAlias(name: string, expression: Expression): void {
    const folded = foldName(name);
    this.#aliases ??= new Map();
    if (!this.#aliases.has(folded)) {
      this.#aliases.set(folded, { name, expression });
    }
  }

  hasAlias(name: string): boolean {
    return this.#aliases?.has(foldName(name)) === true;
  }

  /** The column of the result has another name than its own. */
  showAs(column: SourceColumn, name: string): void {
    this.#shownNames ??= new Map();
    this.#shownNames.set(column, name);
  }

  shownName(column: SourceColumn): string {
    return this.#shownNames?.get(column) ?? column.name;
  }

  addWindow(window: NamedWindow): void {
    this.#windows ??= new Map();
    this.#windows.set(foldName(window.name), window);
  }

  window(name: string): NamedWindow | undefined {
    return this.#windows?.get(foldName(name));
  }

  get windows(): readonly NamedWindow[] {
    return [...(this.#windows?.values() ?? [])];
  }

  /** Makes a query known that WITH names; false: the name is taken. */
  addCommon(folded: string, common: CommonQuery): boolean {
    this.#common ??= new Map();
    if (this.#common.has(folded)) {
      return false;
    }
    this.#common.set(folded, common);
    return true;
  }

  /** Whether expressions read columns of this query's own sources. */
  readsOwn(list: readonly Bound[]): boolean {
    return list.some((bound) => [...sourcesReadBy(bound)].some((source) => this.owns(source)));
  }

  /** The query of this name in a WITH, here or around. */
  commonQuery(name: string): CommonQuery | undefined {
    const folded = foldName(name);
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.around) {
      const found = scope.#common?.get(folded);
      if (found !== undefined) {
        return found;
      }
    }
    return undefined;
  }

  /** Whether a mere name, folded, may mean several columns of this query's own sources. */
  isAmbiguous(folded: string): boolean {
    return columnAmong(this.sources.filter(isBare), folded) === "ambiguous";
  }

  /** The column that a name means among this query's own sources; fails where it may mean several. */
  ownColumn(schema: string | undefined, table: string | undefined, name: string, at: number): Bound | undefined {
    const folded = foldName(name);
    // In a part of a table's definition SQLite does not look at the schema.
    const wantedSchema = this.place === undefined ? schema : undefined;
    const isMeant = (visible: VisibleSource) =>
      table === undefined ? isBare(visible) : isNamed(visible, wantedSchema, table);
    const candidates = this.sources.every(isMeant) ? this.sources : this.sources.filter(isMeant);
    const meant = columnAmong(candidates, folded);
    if (meant === "ambiguous") {
      throw this.statement.fail(`ambiguous column name: ${fullName(schema, table, name)}`, at);
    }
    return meant === undefined ? this.#ownRowid(schema, table, folded, name, at) : this.#told(meant, at);
  }

  /** A column that a name means, or several that are one. */
  #told(meant: Bound, at: number): Bound {
    const isTold = meant.kind === "column" && this.statement.isObserved;
    return isTold ? this.#means(this.sources.find(({ source }) => source === meant.source)!, meant.column, at) : meant;
  }

  #means({ source, namesake }: VisibleSource, column: SourceColumn, at: number): Bound {
    this.statement.meansColumn(at, source, column, namesake);
    return columnOf(source, column);
  }

  /** The same in the queries around this one. */
  outerColumn(schema: string | undefined, table: string | undefined, name: string, at: number): Bound | undefined {
    const { around } = this;
    if (around === undefined) {
      return undefined;
    }
    const alias = (): Bound | undefined => (table === undefined ? around.aliased(name) : undefined);
    const found = around.ownColumn(schema, table, name, at) ?? alias() ?? around.outerColumn(schema, table, name, at);
    if (found !== undefined) {
      this.addOuter(sourcesReadBy(found));
    }
    return found;
  }

  /** What an alias of the result stands for, where it may be meant; inside it no other alias is. */
  aliased(name: string): Bound | undefined {
    const alias = this.aliasesVisible ? this.#aliases?.get(foldName(name)) : undefined;
    if (alias === undefined) {
      return undefined;
    }
    this.aliasesVisible = false;
    this.#aliasInside = alias;
    try {
      return this.expression(alias.expression);
    } finally {
      this.aliasesVisible = true;
      this.#aliasInside = undefined;
    }
  }

  /** Binds what is about single rows: no aggregates and window functions may stand there. */
  ofRows<Result>(bind: () => Result): Result {
    this.aggregatesRefused = "row";
    this.windowsRefused = true;
    const result = bind();
    this.aggregatesRefused = undefined;
    this.windowsRefused = false;
    return result;
  }

  /** An aggregate or window function stands where none may, by itself or in what an alias means. */
  misuse(kind: "aggregate" | "window", name: string, at: number): DbError {
    const alias = this.#aliasInside;
    const written = `${this.statement.written(name, at)}()`;
    const message =
      kind === "aggregate" && this.aggregatesRefused === "row" && this.isGrouped
        ? `misuse of aggregate: ${written}`
        : alias === undefined
          ? `misuse of ${kind} function ${written}`
          : `misuse of aliased ${kind === "window" ? "window function" : "aggregate"} ${alias.name}`;
    return this.statement.fail(message, at);
  }

  /** Takes over what a query inside this one reads of the queries around it. */
  addOuter(outer: ReadonlySet<Source>): void {
    for (const source of outer) {
      if (!this.owns(source)) {
        this.#outer ??= new Set();
        this.#outer.add(source);
      }
    }
  }

  owns(source: Source): boolean {
    return (
      source === this.#aggregateSource?.source ||
      source === this.#windowSource?.source ||
      this.sources.some((visible) => visible.source === source)
    );
  }

  /** The reference to an aggregate; the same one twice is computed once. */
  aggregate(call: AggregateCall): Bound {
    this.#aggregateSource ??= this.#newSource("groups");
    const { source, columns } = this.#aggregateSource;
    const known = this.aggregates.findIndex((other) => isSameAggregate(other, call));
    const index = known >= 0 ? known : this.aggregates.push(call) - 1;
    columns[index] ??= resultColumn(call.function.name, index, call.types, explicitAmong(call.list));
    return columnOf(source, columns[index]);
  }

  windowCall(call: WindowCall): Bound {
    this.#windowSource ??= this.#newSource("windows");
    const { source, columns } = this.#windowSource;
    const index = this.windowCalls.push(call) - 1;
    columns[index] = resultColumn(call.function.name, index, call.types, explicitAmong(call.list));
    return columnOf(source, columns[index]);
  }

  #newSource(kind: "groups" | "windows"): { readonly source: Source; readonly columns: SourceColumn[] } {
    const columns: SourceColumn[] = [];
    return { source: this.statement.newSource(kind, columns, undefined, { kind }), columns };
  }

  #ownRowid(
    schema: string | undefined,
    table: string | undefined,
    folded: string,
    name: string,
    at: number,
  ): Bound | undefined {
    if (!ROWID_NAMES.has(folded)) {
      return undefined;
    }
    const candidates = this.sources.filter(
      (visible) =>
        visible.source.rowid !== undefined && (table === undefined ? isBare(visible) : isNamed(visible, schema, table)),
    );
    if (candidates.length > 1) {
      throw this.statement.fail(`ambiguous column name: ${fullName(schema, table, name)}`, at);
    }
    const [visible] = candidates;
    return visible === undefined ? undefined : this.#means(visible, visible.source.rowid!, at);
  }
}
