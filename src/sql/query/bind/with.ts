/**
 * WITH: queries that FROM can name. Each is bound where it is first referred to; one that nobody refers to is not looked at, except
 * for its names (`NameObserver`).
 *
 * A query that its own name stands in, in a SELECT behind UNION or UNION ALL, is recursive: the SELECTs before it give its first
 * rows, and those behind are shown one row at a time.
 */
import { foldName } from "../../catalog/name.ts";
import type { CommonTable, CompoundPart, FromTerm, Query, SelectCore, Values, With } from "../../parse/ast/query.ts";
import { ANY_TYPE } from "../../value/value.ts";
import {
  type BoundBody,
  type BoundCore,
  type BoundQuery,
  type CompoundOperator,
  columnOf,
  type Source,
} from "./bound.ts";
import { withRealColumns } from "./column-affinity.ts";
import type { CommonQuery, CommonReference, Scope } from "./scope.ts";
import { affinityOf, collationOf, firstCore } from "./traits.ts";
import { uniqueNames } from "./unique-names.ts";

/** What query.ts lends: a common query is bound as any other is. */
export interface PartBinders {
  readonly bindQuery: (around: Scope, query: Query) => BoundQuery;
  readonly bindPart: (scope: Scope, core: SelectCore | Values) => BoundBody;
  readonly combine: (
    scope: Scope,
    operator: CompoundOperator,
    left: BoundBody,
    right: BoundBody,
    at: number,
  ) => BoundBody;
  /** ORDER BY and LIMIT of a recursive query. */
  readonly finish: (scope: Scope, body: BoundBody, query: Query) => BoundQuery;
}

export function bindWith(scope: Scope, clause: With | undefined, binders: PartBinders): void {
  for (const table of clause?.tables ?? []) {
    if (!scope.addCommon(foldName(table.name), new Common(scope, table, binders))) {
      throw scope.statement.fail(`duplicate WITH table name: ${table.name}`, table.at);
    }
  }
  if (scope.statement.isObserved) {
    for (const { name, at } of clause?.tables ?? []) {
      scope.commonQuery(name)!.refer(scope, at);
    }
  }
}

class Common implements CommonQuery {
  readonly #scope: Scope;
  readonly #table: CommonTable;
  readonly #binders: PartBinders;
  #bound: BoundQuery | undefined;
  /** The scope that the recursive SELECT at hand is bound in, and whether its FROM has named the query already. */
  #step: { readonly around: Scope; readonly source: Source; hasReferred: boolean } | undefined;
  #isBeingBound: boolean;
  readonly #references: { count: number };

  constructor(scope: Scope, table: CommonTable, binders: PartBinders) {
    this.#scope = scope;
    this.#table = table;
    this.#binders = binders;
    this.#bound = undefined;
    this.#step = undefined;
    this.#isBeingBound = false;
    this.#references = { count: 0 };
  }

  refer(scope: Scope, at: number): CommonReference {
    const { columns, materialized, name } = this.#table;
    const names = columns?.map((column) => column.name);
    const references = this.#references;
    if (this.#step !== undefined) {
      if (scope.around !== this.#step.around) {
        throw scope.statement.fail(`recursive reference in a subquery: ${name}`, at);
      }
      if (this.#step.hasReferred) {
        throw scope.statement.fail(`multiple references to recursive table: ${name}`, at);
      }
      this.#step.hasReferred = true;
      return { query: undefined, columns: names, materialized, recursion: this.#step.source, references };
    }
    if (this.#isBeingBound) {
      throw scope.statement.fail(`circular reference: ${name}`, at);
    }
    this.#isBeingBound = true;
    try {
      this.#bound ??= this.#bind();
    } finally {
      this.#isBeingBound = false;
    }
    references.count++;
    return { query: this.#bound, columns: names, materialized, recursion: undefined, references };
  }

  #bind(): BoundQuery {
    const { query, columns, name, at } = this.#table;
    const bound = this.#recursive(query) ?? withRealColumns(this.#binders.bindQuery(this.#scope, query));
    const count = bound.body.columns.length;
    if (columns !== undefined && columns.length !== count) {
      throw this.#scope.statement.fail(`table ${name} has ${count} values for ${columns.length} columns`, at);
    }
    return bound;
  }

  #recursive(query: Query): BoundQuery | undefined {
    const folded = foldName(this.#table.name);
    const isShadowed = query.with?.tables.some((table) => foldName(table.name) === folded) === true;
    const firstStep = isShadowed ? -1 : query.rest.findIndex(({ core }) => mentions(core, folded));
    if (firstStep < 0) {
      return undefined;
    }
    const steps = query.rest.slice(firstStep);
    if (!steps.every(({ operator, core }) => isUnion(operator) && mentions(core, folded))) {
      return undefined;
    }
    const { bindPart, combine, finish } = this.#binders;
    const scope = this.#scope.inner();
    bindWith(scope, query.with, this.#binders);
    let initial = bindPart(scope, query.first);
    for (const { operator, core, at } of query.rest.slice(0, firstStep)) {
      initial = combine(scope, operator, initial, bindPart(scope, core), at);
    }
    const body = this.#body(scope, initial, steps);
    return finish(scope, body, query);
  }

  #body(scope: Scope, initial: BoundBody, steps: readonly CompoundPart[]): BoundBody {
    const { columns: names, name } = this.#table;
    const ofFirst = firstCore(initial).columns;
    const unique = uniqueNames(initial.columns.map((column, index) => names?.[index]?.name ?? column.name));
    const columns = unique.map((columnName, index) => ({
      name: columnName,
      index,
      types: ANY_TYPE,
      affinity: affinityOf(ofFirst[index]!.value),
      collation: collationOf(ofFirst[index]!.value)?.collation,
      isHidden: false,
    }));
    const source = scope.statement.newSource(name, columns, undefined, { kind: "recursion" });
    const bodies = steps.map(({ core, at, operator }) => {
      this.#step = { around: scope, source, hasReferred: false };
      let part: BoundBody;
      try {
        part = this.#binders.bindPart(scope, core);
      } finally {
        this.#step = undefined;
      }
      if (part.columns.length !== columns.length) {
        throw scope.statement.fail(
          `SELECTs to the left and right of ${operator.toUpperCase()} do not have the same number of result columns`,
          at,
        );
      }
      return part as BoundCore;
    });
    return {
      kind: "recursion",
      initial,
      steps: bodies,
      source,
      collations: columns.map(({ collation }) => collation),
      isDistinct: steps.some(({ operator }) => operator === "union"),
      columns: columns.map((column) => ({
        name: column.name,
        value: columnOf(source, column),
        collation: column.collation,
      })),
    };
  }
}

function isUnion(operator: CompoundOperator): boolean {
  return operator === "union" || operator === "union all";
}

/** Whether a name stands in the FROM of a SELECT. */
function mentions(core: SelectCore | Values, folded: string): boolean {
  if (core.kind === "values" || core.from === undefined) {
    return false;
  }
  const inTerm = (term: FromTerm): boolean =>
    term.kind === "nested"
      ? [term.from.first, ...term.from.joins.map((join) => join.term)].some(inTerm)
      : term.kind === "table" && term.schema === undefined && foldName(term.name) === folded;
  return [core.from.first, ...core.from.joins.map((join) => join.term)].some(inTerm);
}
