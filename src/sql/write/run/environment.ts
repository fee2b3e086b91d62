/** What everything shares that one statement sets off: its own writes, those of triggers, and those of foreign keys. */
import { DbError } from "../../../errors.ts";
import type { StatementScope } from "../../query/bind/scope.ts";
import { Builder } from "../../query/interpret/builder.ts";
import { Execution } from "../../query/interpret/execution.ts";
import type { Planner } from "../../query/plan/planner.ts";
import { Arguments } from "../../run/arguments.ts";
import type { Holding } from "../../run/holding.ts";
import type { Writing } from "../../run/write-support.ts";
import type { BoundWrite } from "../bind/bound.ts";
import type { BoundTriggers } from "../bind/trigger.ts";
import type { WriteRun } from "./write-run.ts";

/** How deep triggers and foreign keys may set off each other: a level is some ten calls of JavaScript, whose stack is a megabyte. */
export const MAX_DEPTH = 250;

export interface Environment {
  /** Binds what is met while the statement runs. */
  readonly statement: StatementScope;
  readonly planner: Planner;
  /** What is bound already. */
  readonly triggers: BoundTriggers;
  readonly writing: Writing;
  readonly holding: Holding;
  /** What is held may go to disk. */
  readonly isExternal: boolean;
  /** What carries out a bound write, whose expressions see the sources of the site. */
  readonly runOf: (site: Builder, bound: BoundWrite, environment: Environment) => WriteRun;
}

/** One level deeper; INVALID where that is too deep. */
export function enter({ writing }: Environment): void {
  if (writing.depth === MAX_DEPTH) {
    throw new DbError("INVALID", "too many levels of trigger recursion", { limit: MAX_DEPTH });
  }
  writing.depth++;
}

export function leave({ writing }: Environment): void {
  writing.depth--;
}

/** A site for what has no parameters, with an execution of its own: subqueries there are asked anew each time. */
export function innerSite(
  environment: Environment,
  around: Builder | undefined,
): { readonly site: Builder; readonly execution: Execution } {
  const { holding, isExternal, planner } = environment;
  const execution = new Execution(new Arguments([]), holding, planner, { isExternal });
  return { site: new Builder(execution, around), execution };
}
