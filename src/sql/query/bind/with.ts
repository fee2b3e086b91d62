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
import type { Part } from "./part.ts";
import type { CommonQuery, CommonReference, Scope } from "./scope.ts";
import { affinityOf, collationOf, firstCore } from "./traits.ts";
import { uniqueNames } from "./unique-names.ts";

/** What query.ts lends: a common query is bound as any other is. */
export interface PartBinders {
  readonly bindQuery: (around: Scope, query: Query, check: (first: BoundBody) => void) => BoundQuery;
  readonly bindPart: (scope: Scope, core: SelectCore | Values) => Part;
  readonly combine: (
    scope: Scope,
    operator: CompoundOperator,
    left: BoundBody,
    right: BoundBody,
    at: number,
  ) => BoundBody;
  /** ORDER BY and LIMIT of a recursive query. */
  readonly finish: (scope: Scope, query: Query, bound: BoundRecursion) => BoundQuery;
}

interface BoundRecursion {
  readonly body: BoundBody;
  readonly parts: readonly Part[];
  /** The columns as ORDER BY knows them: by the names that the first SELECT gives them, not by those behind the query's name. */
  readonly ordered: Pick<BoundBody, "columns">;
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
        const which = this.#step.hasReferred ? "multiple recursive references" : "recursive reference in a subquery";
        throw scope.statement.fail(`${which}: ${name}`, at);
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
    const { query } = this.#table;
    const check = (first: BoundBody): void => this.#checkCount(first);
    return this.#recursive(query) ?? withRealColumns(this.#binders.bindQuery(this.#scope, query, check));
  }

  #recursive(query: Query): BoundQuery | undefined {
    const folded = foldName(this.#table.name);
    const isShadowed = query.with?.tables.some((table) => foldName(table.name) === folded) === true;
    const { rest } = query;
    const last = rest.at(-1)?.operator;
    if (isShadowed || (last !== "union" && last !== "union all")) {
      return undefined;
    }
    // Those at the end that are put to what is before them alike.
    let firstStep = rest.length;
    while (firstStep > 0 && rest[firstStep - 1]!.operator === last && mentions(rest[firstStep - 1]!.core, folded)) {
      firstStep--;
    }
    if (firstStep === rest.length) {
      return undefined;
    }
    const steps = rest.slice(firstStep);
    const { bindPart, combine, finish } = this.#binders;
    const scope = this.#scope.inner();
    bindWith(scope, query.with, this.#binders);
    const parts = [bindPart(scope, query.first)];
    let initial = parts[0]!.complete();
    for (const { operator, core, at } of rest.slice(0, firstStep)) {
      const part = bindPart(scope, core);
      parts.push(part);
      initial = combine(scope, operator, initial, part.complete(), at);
    }
    this.#checkCount(initial);
    return finish(scope, query, this.#recursion(scope, initial, parts, steps));
  }

  #checkCount({ columns: given }: BoundBody): void {
    const { columns, name, at } = this.#table;
    if (columns !== undefined && columns.length !== given.length) {
      throw this.#scope.statement.fail(`table ${name} has ${given.length} values for ${columns.length} columns`, at);
    }
  }

  #recursion(
    scope: Scope,
    initial: BoundBody,
    initialParts: readonly Part[],
    steps: readonly CompoundPart[],
  ): BoundRecursion {
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
    const stepParts = steps.map((step) => this.#bindStep(scope, source, step));
    const bodies = stepParts.map((part) => part.complete() as BoundCore);
    const collations = columns.map(({ collation }, index) => {
      const later = bodies.map((body) => collationOf(body.columns[index]!.value)?.collation);
      return collation ?? later.find((each) => each !== undefined);
    });
    const resultColumns = columns.map((column) => ({
      name: column.name,
      value: columnOf(source, column),
      collation: column.collation,
    }));
    return {
      body: {
        kind: "recursion",
        initial,
        steps: bodies,
        source,
        collations,
        isDistinct: steps[0]!.operator === "union",
        columns: resultColumns,
      },
      parts: [...initialParts, ...stepParts],
      ordered: {
        columns: resultColumns.map(({ value }, index) => ({
          name: initial.columns[index]!.name,
          value,
          collation: collations[index],
        })),
      },
    };
  }

  #bindStep(scope: Scope, source: Source, { core, at, operator }: CompoundPart): Part {
    this.#step = { around: scope, source, hasReferred: false };
    try {
      const part = this.#binders.bindPart(scope, core);
      const { columns, grouping, windowing } = part.body as BoundCore;
      if (columns.length !== source.columns.length) {
        throw scope.statement.fail(
          `SELECTs to the left and right of ${operator.toUpperCase()} do not have the same number of result columns`,
          at,
        );
      }
      if (windowing !== undefined) {
        throw scope.statement.fail("cannot use window functions in recursive queries", at);
      }
      if (grouping !== undefined) {
        throw scope.statement.fail("recursive aggregate queries not supported", at);
      }
      return part;
    } finally {
      this.#step = undefined;
    }
  }
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
