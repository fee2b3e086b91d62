/**
 * The triggers of one table, for one statement.
 *
 * A trigger that is running is not fired again, unless the session says so (`recursiveTriggers`); one that may be fired inside of
 * itself has a program of its own for each level.
 */
import { foldName } from "../../catalog/name.ts";
import type { Column, Table, Trigger } from "../../catalog/schema.ts";
import type { CreateTrigger } from "../../parse/ast/definition.ts";
import type { ConflictAction } from "../../parse/ast/write.ts";
import type { Test } from "../../query/interpret/evaluate.ts";
import type { Execution } from "../../query/interpret/execution.ts";
import { testOf } from "../../query/interpret/expression.ts";
import type { SqlTransaction } from "../../storage.ts";
import { surroundingsOf } from "../../value/surroundings.ts";
import { type BoundTrigger, bindTrigger, isSetOff, type TriggerStep } from "../bind/trigger.ts";
import { type Environment, enter, innerSite, leave } from "./environment.ts";
import { RecordCursor, RowRecord } from "./record.ts";

/** What happens to a row. */
export interface RowChange {
  readonly old: RowRecord | undefined;
  readonly new: RowRecord | undefined;
  /** The columns that an UPDATE sets; undefined is the rowid. */
  readonly assigned: readonly (Column | undefined)[];
  /** What the statement says of conflicts, which goes before what the trigger's own statements say. */
  readonly override: ConflictAction | undefined;
}

export class Triggers {
  readonly #table: Table;
  readonly #triggers: readonly Trigger[];
  readonly #environment: Environment;
  /** The programs of each trigger, one a level. */
  readonly #programs: Map<Trigger, TriggerProgram[]>;

  constructor(table: Table, triggers: readonly Trigger[], environment: Environment) {
    this.#table = table;
    this.#triggers = triggers;
    this.#environment = environment;
    this.#programs = new Map();
  }

  has(time: CreateTrigger["time"], event: CreateTrigger["event"]): boolean {
    return this.#triggers.some(({ statement }) => statement.time === time && statement.event === event);
  }

  fire(
    transaction: SqlTransaction,
    time: CreateTrigger["time"],
    event: CreateTrigger["event"],
    change: RowChange,
  ): void {
    for (const trigger of this.#triggers) {
      const { statement } = trigger;
      if (statement.time === time && isSetOff(statement, { event, assigned: change.assigned })) {
        this.#run(transaction, trigger, change);
      }
    }
  }

  #run(transaction: SqlTransaction, trigger: Trigger, change: RowChange): void {
    const { writing } = this.#environment;
    const { active } = writing;
    const name = foldName(trigger.name);
    if (active.includes(name) && !writing.settings.recursiveTriggers) {
      return;
    }
    enter(this.#environment);
    const level = active.filter((other) => other === name).length;
    active.push(name);
    const { lastRowid, changes } = writing;
    const current = surroundingsOf();
    const { changes: seen } = current;
    writing.changes = 0;
    try {
      this.#program(trigger, level).run(transaction, change);
    } finally {
      active.pop();
      writing.lastRowid = lastRowid;
      writing.changes = changes;
      current.changes = seen;
      leave(this.#environment);
    }
  }

  #program(trigger: Trigger, level: number): TriggerProgram {
    const programs = this.#programs.get(trigger) ?? [];
    this.#programs.set(trigger, programs);
    programs[level] ??= new TriggerProgram(
      this.#environment.triggers.get(trigger) ?? bindTrigger(this.#environment.statement, trigger, this.#table),
      this.#table,
      this.#environment,
    );
    return programs[level];
  }
}

class TriggerProgram {
  readonly #old: RecordCursor;
  readonly #new: RecordCursor;
  readonly #when: Test | undefined;
  readonly #steps: readonly Step[];
  readonly #execution: Execution;

  constructor(bound: BoundTrigger, table: Table, environment: Environment) {
    const { site, execution } = innerSite(environment, undefined);
    const nothing = new RowRecord(table);
    this.#old = new RecordCursor(nothing);
    this.#new = new RecordCursor(nothing);
    if (bound.old !== undefined) {
      site.place(bound.old, this.#old);
    }
    if (bound.new !== undefined) {
      site.place(bound.new, this.#new);
    }
    this.#execution = execution;
    this.#when = bound.when === undefined ? undefined : testOf(site, bound.when);
    this.#steps = bound.steps.map((step) => stepOf(environment, site, step));
  }

  run(transaction: SqlTransaction, change: RowChange): void {
    this.#old.record = change.old ?? this.#old.record;
    this.#new.record = change.new ?? this.#new.record;
    this.#execution.begin(transaction);
    try {
      if (this.#when === undefined || this.#when() === 1) {
        for (const step of this.#steps) {
          step(transaction, change.override);
        }
      }
    } finally {
      this.#execution.end();
    }
  }
}

type Step = (transaction: SqlTransaction, override: ConflictAction | undefined) => void;

function stepOf(environment: Environment, around: ReturnType<typeof innerSite>["site"], step: TriggerStep): Step {
  const { site, execution } = innerSite(environment, around);
  const within = (run: Step): Step => {
    return (transaction, override) => {
      execution.begin(transaction);
      try {
        run(transaction, override);
      } finally {
        execution.end();
      }
    };
  };
  if (step.kind === "query") {
    const results = site.results(environment.planner.plan(step.query));
    return within(() => {
      try {
        results.open();
        while (results.next()) {
          // A column that nobody wants may still RAISE.
          for (const column of step.query.body.columns.keys()) {
            results.answer(column);
          }
        }
      } finally {
        results.close();
      }
    });
  }
  const run = environment.runOf(site, step, environment);
  return within((transaction, override) => {
    environment.writing.changes = 0;
    run.run(transaction, override);
    // To what comes behind it in the trigger, it is the statement that wrote last.
    surroundingsOf().changes = environment.writing.changes;
    environment.writing.nestedChanges += environment.writing.changes;
  });
}
