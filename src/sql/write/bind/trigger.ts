/** Triggers: their statements bound around NEW and OLD, which are rows in hand. */

import { foldName, fullName } from "../../catalog/name.ts";
import type { Column, Table, Trigger } from "../../catalog/schema.ts";
import type { CreateTrigger } from "../../parse/ast/definition.ts";
import type { Bound, BoundQuery, Source } from "../../query/bind/bound.ts";
import { bindQuery } from "../../query/bind/query.ts";
import type { Scope, StatementScope } from "../../query/bind/scope.ts";
import { lone } from "../../query/bind/visible-source.ts";
import type { BoundWrite } from "./bound.ts";
import { bindDelete, bindUpdate } from "./change.ts";
import { bindInsert } from "./insert.ts";
import { bareRecord } from "./target.ts";
import { writtenView } from "./view-rows.ts";

export interface BoundTrigger {
  /** Undefined of INSERT. */
  readonly old: Source | undefined;
  /** Undefined of DELETE. */
  readonly new: Source | undefined;
  readonly when: Bound | undefined;
  readonly steps: readonly TriggerStep[];
}

export type TriggerStep = BoundWrite | { readonly kind: "query"; readonly query: BoundQuery };

/** The triggers of a statement, and of what they do, bound: what is wrong with them is wrong with the statement. */
export class BoundTriggers {
  readonly #bound: Map<Trigger, BoundTrigger>;

  constructor() {
    this.#bound = new Map();
  }

  get(trigger: Trigger): BoundTrigger | undefined {
    return this.#bound.get(trigger);
  }

  /** Binds what a write may fire. */
  add(statement: StatementScope, write: BoundWrite): void {
    const { table, triggers } = write.target;
    for (const trigger of triggers) {
      if (!this.#bound.has(trigger) && changesOf(write).some((change) => isSetOff(trigger.statement, change))) {
        const bound = bindTrigger(statement, trigger, table);
        this.#bound.set(trigger, bound);
        for (const step of bound.steps) {
          if (step.kind !== "query") {
            this.add(statement, step);
          }
        }
      }
    }
  }
}

interface Change {
  readonly event: CreateTrigger["event"];
  /** The columns that an UPDATE sets; undefined is the rowid. */
  readonly assigned: readonly (Column | undefined)[];
}

function changesOf(write: BoundWrite): Change[] {
  switch (write.kind) {
    case "insert": {
      const updates = write.upserts.flatMap(({ update }) => (update === undefined ? [] : [update]));
      return [
        { event: "insert", assigned: [] },
        ...updates.map(
          ({ assignments }): Change => ({
            event: "update",
            assigned: assignments.map(({ column }) => column),
          }),
        ),
      ];
    }
    case "update":
      return [{ event: "update", assigned: write.assigned }];
    case "delete":
      return [{ event: "delete", assigned: [] }];
  }
}

/** UPDATE OF some columns is about an update that sets one of them. */
export function isSetOff({ event, columns }: CreateTrigger, change: Change): boolean {
  return (
    event === change.event &&
    (columns === undefined ||
      columns.some(({ name }) =>
        change.assigned.some((column) => foldName(column?.name ?? "rowid") === foldName(name)),
      ))
  );
}

/** `rows` is what NEW and OLD have the columns of. */
export function bindTrigger(statement: StatementScope, trigger: Trigger, rows: Table): BoundTrigger {
  const { scope, ...records } = openTrigger(statement, trigger, rows);
  const { when, body } = trigger.statement;
  return {
    ...records,
    when: when === undefined ? undefined : scope.expression(when),
    steps: body.map((step) => bindStep(scope, step)),
  };
}

/** The scope of NEW and OLD, in which everything in a trigger stands. */
export function openTrigger(
  statement: StatementScope,
  trigger: Trigger,
  rows: Table,
): Pick<BoundTrigger, "old" | "new"> & { readonly scope: Scope } {
  const { event } = trigger.statement;
  const scope = statement.withinTrigger(trigger).newScope();
  const place = (name: "old" | "new", isThere: boolean): Source | undefined => {
    if (!isThere) {
      return undefined;
    }
    const source = bareRecord(scope.statement, name, rows);
    scope.sources.push({ ...lone(name, undefined, source), isQualifiedOnly: true });
    return source;
  };
  const before = place("old", event !== "insert");
  const after = place("new", event !== "delete");
  scope.isTrigger = true;
  scope.aggregatesRefused = "row";
  scope.windowsRefused = true;
  return { scope, old: before, new: after };
}

function bindStep(scope: Scope, step: CreateTrigger["body"][number]): TriggerStep {
  if (step.kind === "query") {
    return { kind: "query", query: bindQuery(scope, step) };
  }
  const { schema, name, at } = step.table;
  const view = scope.statement.view(schema, name);
  const table = view === undefined ? scope.statement.table(schema, name) : writtenView(scope.statement, view, step);
  if (table === undefined) {
    throw scope.statement.fail(`no such table: ${fullName(undefined, schema ?? scope.statement.home, name)}`, at);
  }
  switch (step.kind) {
    case "insert":
      return bindInsert(scope, step, table);
    case "update":
      return bindUpdate(scope, step, table);
    case "delete":
      return bindDelete(scope, step, table);
  }
}
