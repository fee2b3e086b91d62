/** What a row that is written sets off: the triggers and foreign keys of its table, made once for each statement. */
import type { Table } from "../../catalog/schema.ts";
import type { Target } from "../bind/bound.ts";
import type { Environment } from "./environment.ts";
import { ForeignKeys } from "./foreign-keys.ts";
import { Triggers } from "./triggers.ts";

export interface Effects {
  /** Undefined: the table has none. */
  readonly triggers: Triggers | undefined;
  readonly foreignKeys: ForeignKeys | undefined;
}

const known = new WeakMap<Environment, Map<Table, Effects>>();

export function effectsOf(environment: Environment, { table, triggers }: Target): Effects {
  const ofTables = known.get(environment) ?? new Map<Table, Effects>();
  known.set(environment, ofTables);
  let effects = ofTables.get(table);
  if (effects === undefined) {
    const isDue = table.view === undefined && ForeignKeys.isDue(environment.statement.catalog, table);
    effects = {
      triggers: triggers.length === 0 ? undefined : new Triggers(table, triggers, environment),
      foreignKeys: isDue ? new ForeignKeys(table, environment) : undefined,
    };
    ofTables.set(table, effects);
  }
  return effects;
}
