/**
 * The foreign keys of one table, for one statement: those that it has, and those that refer to it.
 *
 * A row without its parent is counted, in the statement or, where the key is deferred, in the transaction; whatever gives it a
 * parent, or takes it away, is counted off again. At the end the count must be nothing (SQLite's way:
 * https://sqlite.org/foreignkeys.html). A parent that goes, or changes its key, takes its children along as the key says.
 */
import { DbError } from "../../../errors.ts";
import { type Link, linkOf, namedColumns } from "../../catalog/link.ts";
import { foldName } from "../../catalog/name.ts";
import type { Column, ForeignKey, Schema, Table } from "../../catalog/schema.ts";
import type { ReferenceAction } from "../../parse/ast/definition.ts";
import type { Source } from "../../query/bind/bound.ts";
import type { Execution } from "../../query/interpret/execution.ts";
import type { Results } from "../../query/interpret/site.ts";
import { foreignKeyError } from "../../run/constraint.ts";
import type { SqlTransaction } from "../../storage.ts";
import { compareValues } from "../../value/compare.ts";
import { NULL } from "../../value/value.ts";
import type { BoundUpdate } from "../bind/bound.ts";
import { bindAction, bindChildQuery, bindParentQuery } from "../bind/foreign-key.ts";
import { newRecord } from "../bind/target.ts";
import { type Environment, enter, innerSite, leave } from "./environment.ts";
import { RecordCursor, RowRecord } from "./record.ts";
import type { WriteRun } from "./write-run.ts";

type Event = "delete" | "update";

/** What a statement does to its table's rows. */
export interface TableChange {
  readonly event: "insert" | Event;
  /** The columns that an UPDATE sets; undefined is the rowid. */
  readonly assigned: BoundUpdate["assigned"];
  /** It is an INSERT of one row. */
  readonly isOneRow: boolean;
}

export class ForeignKeys {
  readonly #table: Table;
  readonly #environment: Environment;
  /** What was found to fit last. */
  #known: { readonly change: TableChange; readonly isDeferred: boolean } | undefined;
  readonly #parents: readonly Parent[];
  readonly #children: readonly Children[];

  constructor(table: Table, environment: Environment) {
    const { catalog } = environment.statement;
    this.#table = table;
    this.#environment = environment;
    this.#known = undefined;
    this.#parents = table.foreignKeys.map((key) => new Parent(environment, table, key));
    this.#children = catalog
      .references(table)
      .map((reference) => new Children(environment, table, reference.table, reference.key));
  }

  static isDue(schema: Schema, table: Table): boolean {
    return table.foreignKeys.length > 0 || schema.references(table).length > 0;
  }

  /** Fails where a key that the statement is about fits nothing that it could refer to, whatever rows there are. */
  requireLinks(change: TableChange): void {
    const { statement, writing } = this.#environment;
    const { deferForeignKeys } = writing.settings;
    // One version of the schema is all that this sees.
    if (this.#known?.change !== change || this.#known.isDeferred !== deferForeignKeys) {
      requireLinks(statement.catalog, this.#table, change, deferForeignKeys, new Set());
      this.#known = { change, isDeferred: deferForeignKeys };
    }
  }

  inserted(transaction: SqlTransaction, row: RowRecord): void {
    for (const parent of this.#parents) {
      parent.count(transaction, row, 1);
    }
    for (const children of this.#children) {
      children.adopt(transaction, row);
    }
  }

  deleted(transaction: SqlTransaction, row: RowRecord): void {
    for (const parent of this.#parents) {
      parent.count(transaction, row, -1);
    }
    for (const children of this.#children) {
      children.leave(transaction, "delete", row, undefined);
    }
  }

  updated(transaction: SqlTransaction, before: RowRecord, after: RowRecord): void {
    for (const parent of this.#parents) {
      if (parent.isChanged(before, after)) {
        parent.count(transaction, before, -1);
        parent.count(transaction, after, 1);
      }
    }
    for (const children of this.#children) {
      if (children.isChanged(before, after)) {
        children.leave(transaction, "update", before, after);
        children.adopt(transaction, after);
      }
    }
  }
}

/** `seen`: what is known to be right, or is being looked at. */
function requireLinks(
  schema: Schema,
  table: Table,
  { event, assigned, isOneRow }: TableChange,
  isDeferred: boolean,
  seen: Set<Table>,
): void {
  const sets = (columns: readonly Column[]): boolean =>
    columns.some(
      (column) => assigned.includes(column) || (column === table.rowidColumn && assigned.includes(undefined)),
    );
  // The one declared last is the first that SQLite looks at.
  for (const key of [...table.foreignKeys].reverse()) {
    if (event !== "update" || foldName(key.table) === foldName(table.name) || sets(key.columns)) {
      requireLink(schema, table, key);
    }
  }
  for (const { table: child, key } of schema.references(table)) {
    if (event === "update" && !sets(namedColumns(table, key))) {
      continue;
    }
    // One row more has no key fail that is not deferred.
    if (isOneRow && !key.initiallyDeferred && !isDeferred) {
      continue;
    }
    requireLink(schema, child, key);
    const action = event === "delete" ? key.onDelete : event === "update" ? key.onUpdate : "no action";
    if (action !== "no action" && action !== "restrict" && !seen.has(child)) {
      seen.add(child);
      const isGone = action === "cascade" && event === "delete";
      const change: TableChange = { event: isGone ? "delete" : "update", assigned: key.columns, isOneRow: false };
      requireLinks(schema, child, change, isDeferred, seen);
    }
  }
}

function requireLink(schema: Schema, table: Table, key: ForeignKey): Link {
  const link = linkOf(schema, table, key);
  if (link === undefined) {
    throw new DbError("INVALID", `no such table: ${table.schema}.${key.table}`);
  }
  return link;
}

/** Whether one of these columns has another value, as the column's collation has it. */
function isChanged(columns: readonly Column[], before: RowRecord, after: RowRecord): boolean {
  return columns.some(
    ({ index, collation }) =>
      compareValues(before.tags[index]!, before.values[index]!, after.tags[index]!, after.values[index]!, collation) !==
      0,
  );
}

function hasNull(columns: readonly { readonly index: number }[], { tags }: RowRecord): boolean {
  return columns.some(({ index }) => tags[index] === NULL);
}

/** Rows without a parent: of the statement, or of the transaction. */
function violations({ writing }: Environment, { initiallyDeferred }: ForeignKey): { count: number } {
  return initiallyDeferred || writing.settings.deferForeignKeys ? writing.deferred : writing.immediate;
}

interface ParentSearch {
  readonly cursor: RecordCursor;
  readonly find: (transaction: SqlTransaction) => boolean;
}

/** A key of the table: the one row that a row of it refers to. */
class Parent {
  readonly #environment: Environment;
  readonly #table: Table;
  readonly #key: ForeignKey;
  #search: ParentSearch | undefined;

  constructor(environment: Environment, table: Table, key: ForeignKey) {
    this.#environment = environment;
    this.#table = table;
    this.#key = key;
    this.#search = undefined;
  }

  isChanged(before: RowRecord, after: RowRecord): boolean {
    return isChanged(this.#key.columns, before, after);
  }

  /** Counts a row that has come (1) or gone (−1), if its parent is not there. */
  count(transaction: SqlTransaction, row: RowRecord, change: 1 | -1): void {
    // A key that refers to nothing is an error whatever the row has.
    this.#search ??= this.#bind();
    const counted = violations(this.#environment, this.#key);
    if (hasNull(this.#key.columns, row) || (change < 0 && counted.count === 0)) {
      return;
    }
    this.#search.cursor.record = row;
    if (!this.#search.find(transaction)) {
      counted.count += change;
    }
  }

  #bind(): ParentSearch {
    const { statement, planner } = this.#environment;
    const link = requireLink(statement.catalog, this.#table, this.#key);
    const { site, execution } = innerSite(this.#environment, undefined);
    const source = newRecord(statement, this.#table.name, this.#table);
    const cursor = new RecordCursor(new RowRecord(this.#table));
    site.place(source, cursor);
    const results = site.results(planner.plan(bindParentQuery(statement, link, source)));
    return { cursor, find: (transaction) => countRows(transaction, execution, results, 1) > 0 };
  }
}

function countRows(transaction: SqlTransaction, execution: Execution, results: Results, most: number): number {
  let count = 0;
  execution.begin(transaction);
  try {
    results.open();
    while (count < most && results.next()) {
      count++;
    }
  } finally {
    results.close();
    execution.end();
  }
  return count;
}

/** A key that refers to the table: the rows that refer to a row of it. */
class Children {
  readonly #environment: Environment;
  readonly #child: Table;
  readonly #key: ForeignKey;
  /** Columns of the parent that the key names. */
  readonly #named: readonly Column[];
  /** Made where it is needed: a key that fits no columns of the parent is an error then. */
  #found: Link | undefined;
  readonly #old: { readonly source: Source; readonly cursor: RecordCursor };
  readonly #new: { readonly source: Source; readonly cursor: RecordCursor };
  readonly #actions: Map<Event, (transaction: SqlTransaction) => void>;
  #count: ((transaction: SqlTransaction) => number) | undefined;

  constructor(environment: Environment, parent: Table, child: Table, key: ForeignKey) {
    const record = (name: string): { readonly source: Source; readonly cursor: RecordCursor } => ({
      source: newRecord(environment.statement, name, parent),
      cursor: new RecordCursor(new RowRecord(parent)),
    });
    this.#environment = environment;
    this.#child = child;
    this.#key = key;
    this.#named = namedColumns(parent, key);
    this.#found = undefined;
    this.#old = record("old");
    this.#new = record("new");
    this.#actions = new Map();
    this.#count = undefined;
  }

  isChanged(before: RowRecord, after: RowRecord): boolean {
    return isChanged(this.#named, before, after);
  }

  get #link(): Link {
    this.#found ??= linkOf(this.#environment.statement.catalog, this.#child, this.#key)!;
    return this.#found;
  }

  /** A parent has come: rows that were without one are not any more. */
  adopt(transaction: SqlTransaction, row: RowRecord): void {
    const { writing } = this.#environment;
    const counted = violations(this.#environment, this.#key);
    if ((counted.count > 0 || counted === writing.deferred) && !hasNull(this.#link.parentColumns, row)) {
      counted.count -= counted.count > 0 ? this.#countChildren(transaction, row) : 0;
    }
  }

  /** A parent has gone, or has another key now. */
  leave(transaction: SqlTransaction, event: Event, before: RowRecord, after: RowRecord | undefined): void {
    const { writing } = this.#environment;
    const { key, parentColumns } = this.#link;
    if (hasNull(parentColumns, before)) {
      return;
    }
    const action = event === "delete" ? key.onDelete : key.onUpdate;
    if (action === "no action" || action === "restrict") {
      const children = this.#countChildren(transaction, before);
      if (children > 0 && action === "restrict" && !writing.settings.deferForeignKeys) {
        throw foreignKeyError("TRIGGER");
      }
      violations(this.#environment, key).count += children;
      return;
    }
    const act = this.#actions.get(event) ?? this.#bindAction(event, action);
    this.#actions.set(event, act);
    this.#old.cursor.record = before;
    this.#new.cursor.record = after ?? before;
    act(transaction);
  }

  #countChildren(transaction: SqlTransaction, row: RowRecord): number {
    this.#count ??= this.#bindCount();
    this.#old.cursor.record = row;
    return this.#count(transaction);
  }

  #bindCount(): (transaction: SqlTransaction) => number {
    const { site, execution } = this.#site();
    const { query } = bindChildQuery(this.#environment.statement, this.#link, this.#old.source);
    const results = site.results(this.#environment.planner.plan(query));
    return (transaction) => countRows(transaction, execution, results, Number.POSITIVE_INFINITY);
  }

  #bindAction(event: Event, action: ReferenceAction): (transaction: SqlTransaction) => void {
    const environment = this.#environment;
    const { writing } = environment;
    const { site, execution } = this.#site();
    const after = event === "delete" ? undefined : this.#new.source;
    const run: WriteRun = environment.runOf(
      site,
      bindAction(environment.statement, this.#link, action, this.#old.source, after)!,
      environment,
    );
    return (transaction) => {
      const { changes } = writing;
      writing.changes = 0;
      enter(environment);
      execution.begin(transaction);
      try {
        run.run(transaction, undefined);
      } finally {
        execution.end();
        leave(environment);
        writing.nestedChanges += writing.changes;
        writing.changes = changes;
      }
    };
  }

  #site(): ReturnType<typeof innerSite> {
    const inner = innerSite(this.#environment, undefined);
    inner.site.place(this.#old.source, this.#old.cursor);
    inner.site.place(this.#new.source, this.#new.cursor);
    return inner;
  }
}
