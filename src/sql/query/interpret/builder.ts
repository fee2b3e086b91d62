/**
 * From plans to rows: builds, for one query and the queries in it, what goes through its rows.
 *
 * A builder is the site of a query's expressions. It knows the cursors of the query's own sources, and asks the builder of the
 * query around it for all others.
 */
import { assert } from "../../../assert.ts";
import type { Arguments } from "../../run/arguments.ts";
import type { Spill } from "../../spill/spill.ts";
import type { Bound, BoundQuery, Source } from "../bind/bound.ts";
import { isSame } from "../bind/walk.ts";
import type { Stage } from "../plan/explain.ts";
import type { BodyPlan, CorePlan, JoinPlan, QueryPlan, RowsPlan } from "../plan/plan.ts";
import { DistinctResults, SetResults, UnionAllResults } from "./compound-results.ts";
import { ComputedCursor } from "./computed-cursor.ts";
import type { Evaluate } from "./evaluate.ts";
import type { Execution } from "./execution.ts";
import { allOf, evaluatorOf } from "./expression.ts";
import { ExternalGroups } from "./external-groups.ts";
import { ExternalJoin, ExternalSide } from "./external-join.ts";
import { ExternallyDistinct, ExternallySorted, ExternalSet } from "./external-results.ts";
import { StoredResults, storeAll } from "./external-rows.ts";
import { ExternalWindows } from "./external-windows.ts";
import { FunctionRows } from "./function-rows.ts";
import { GroupedRows } from "./grouped-rows.ts";
import { type HeldRow, holdAll } from "./held-row.ts";
import { HashJoin, LoopJoin } from "./joins.ts";
import { type Kept, KeptResults, KeptSources } from "./kept-rows.ts";
import { CoreResults, filtered, OneRow, ValuesResults } from "./plain-rows.ts";
import { RecursionRows, RecursiveResults } from "./recursive-results.ts";
import type { Results, RowCursor, Rows, Site, Subquery } from "./site.ts";
import { LimitedResults, SortedResults } from "./sorted-results.ts";
import { TableCursor } from "./table-cursor.ts";
import { TableScan } from "./table-scan.ts";
import { WindowRows } from "./window-rows.ts";

interface Body {
  readonly results: Results;
  /** Of its ORDER BY. */
  readonly site: Site;
  /** What ORDER BY asks of a row that may not be there any more when it is given out. */
  readonly beside?: ReadonlyMap<Bound, Evaluate>;
}

export class Builder implements Site {
  readonly #execution: Execution;
  readonly #around: Builder | undefined;
  /** That of the whole statement. */
  readonly #outermost: Builder;
  #cursors: Map<Source, RowCursor> | undefined;
  /** The one source that most queries have, and its cursor. */
  #source: Source | undefined;
  #cursor: RowCursor | undefined;
  #recursions: Map<Source, RecursionRows> | undefined;
  /** Of the outermost: kept results of queries that are referred to more than once. */
  #shared: Map<BoundQuery, Kept> | undefined;

  constructor(
    execution: Execution,
    around: Builder | undefined = undefined,
    outermost: Builder | undefined = undefined,
  ) {
    this.#execution = execution;
    this.#around = around;
    this.#outermost = outermost ?? this;
    this.#cursors = undefined;
    this.#source = undefined;
    this.#cursor = undefined;
    this.#recursions = undefined;
    this.#shared = undefined;
  }

  get values(): Arguments {
    return this.#execution.values;
  }

  get heldRows(): number {
    return this.#execution.heldRows;
  }

  get spill(): Spill | undefined {
    return this.#execution.spill;
  }

  onEnd(callback: () => void): void {
    this.#execution.onEnd(callback);
  }

  /** All rows that results give from here on. */
  all(results: Results, columns: number): Iterable<HeldRow> {
    return this.spill === undefined
      ? holdAll(results, columns, this.#execution.holding)
      : storeAll(this.spill, results, columns);
  }

  cursor(source: Source): RowCursor {
    const own = source === this.#source ? this.#cursor : this.#cursors?.get(source);
    const cursor = own ?? this.#around?.cursor(source);
    assert(cursor !== undefined, "an expression reads sources of its query and of those around it");
    return cursor;
  }

  query(bound: BoundQuery): Subquery {
    const execution = this.#execution;
    const plan = execution.plans.plan(bound);
    execution.measures?.queries.add(plan);
    const results = this.results(plan);
    return {
      isConstant: bound.outer.size === 0,
      get execution() {
        return execution.number;
      },
      open: () => results.open(),
      next: () => results.next(),
      close: () => results.close(),
      answer: (column) => results.answer(column),
    };
  }

  /** The row that a source is at: also one that is not read from anywhere, NEW, OLD, excluded, and a row that is being written. */
  place(source: Source, cursor: RowCursor): void {
    if (this.#source === undefined || this.#source === source) {
      this.#source = source;
      this.#cursor = cursor;
    } else {
      this.#cursors ??= new Map();
      this.#cursors.set(source, cursor);
    }
  }

  /** A query inside this one, whose expressions see the sources of this one, too. */
  #inner(): Builder {
    return new Builder(this.#execution, this, this.#outermost);
  }

  /** The rows of a query, whose expressions see the sources of this one. */
  results(plan: QueryPlan): Results {
    const { body, ordering, limit, offset } = plan;
    const inner = this.#inner();
    const isRecursion = body.kind === "recursion";
    const { results, site, beside } = inner.#body(body, ordering);
    const left = limit === undefined ? undefined : evaluatorOf(inner, limit);
    const skip = offset === undefined ? undefined : evaluatorOf(inner, offset);
    if (ordering.length > 0 && !isRecursion) {
      const { columns } = body;
      const values = ordering.map(({ value }) => {
        const column = columns.findIndex((candidate) => isSame(candidate.value, value));
        return column >= 0 ? column : (beside?.get(value) ?? evaluatorOf(site, value));
      });
      const Sorted = this.spill === undefined ? SortedResults : ExternallySorted;
      const sorting = { terms: ordering, values };
      const sorted = new Sorted(this.#execution, results, body.columns.length, sorting, left, skip);
      return this.#results(plan, "sort", sorted);
    }
    return limit === undefined ? results : this.#results(plan, "limit", new LimitedResults(results, left, skip));
  }

  /** Measured, where the statement is analyzed. */
  #results(plan: object, stage: Stage, results: Results): Results {
    return this.#execution.measures?.results(plan, stage, results) ?? results;
  }

  #rows(plan: object, stage: Stage, rows: Rows): Rows {
    return this.#execution.measures?.rows(plan, stage, rows) ?? rows;
  }

  #body(body: BodyPlan, ordering: QueryPlan["ordering"]): Body {
    switch (body.kind) {
      case "core":
        return this.#core(body, ordering);
      case "values": {
        const values = new ValuesResults(body.rows.map((row) => row.map((cell) => evaluatorOf(this, cell))));
        return { results: this.#results(body, "body", values), site: this };
      }
      case "compound": {
        const left = this.#inner().#body(body.left, []).results;
        const right = this.#inner().#body(body.right, []).results;
        const results = this.#compound(body, left, right);
        this.place(body.source, results);
        return { results: this.#results(body, "body", results), site: this };
      }
      case "recursion":
        return { results: this.#results(body, "body", this.#recursion(body, ordering)), site: this };
    }
  }

  #compound(plan: Extract<BodyPlan, { kind: "compound" }>, left: Results, right: Results): Results {
    if (plan.operator === "union all") {
      return new UnionAllResults(left, right);
    }
    return this.spill === undefined
      ? new SetResults(this.#execution, plan, left, right)
      : new ExternalSet(this.spill, plan, left, right);
  }

  #recursion(body: Extract<BodyPlan, { kind: "recursion" }>, ordering: QueryPlan["ordering"]): Results {
    const part = (plan: BodyPlan): Results => this.#inner().#body(plan, []).results;
    const initial = part(body.initial);
    const shown = new RecursionRows();
    this.place(body.source, shown);
    this.#recursions ??= new Map();
    this.#recursions.set(body.source, shown);
    return new RecursiveResults(this.#execution, {
      initial,
      steps: body.steps.map(part),
      shown,
      columns: body.columns.length,
      collations: body.isDistinct ? body.collations : undefined,
      ordering: ordering.map((term) => ({ ...term, column: resultColumn(term) })),
    });
  }

  /** The row that a recursive query, this one or one around it, is shown. */
  recursionOf(source: Source): RecursionRows {
    const found = this.#recursions?.get(source) ?? this.#around?.recursionOf(source);
    assert(found !== undefined, "a recursive query is read inside itself alone");
    return found;
  }

  #core(core: CorePlan, ordering: QueryPlan["ordering"]): Body {
    const { rows, grouping, windowing, columns, distinct } = core;
    const execution = this.#execution;
    let built = this.rows(rows);
    let site: Builder = this;
    if (grouping !== undefined) {
      const grouped =
        this.spill === undefined
          ? new GroupedRows(execution, site, built, grouping)
          : new ExternalGroups(this.spill, site, built, grouping);
      site = site.#behind(grouped.cursors);
      built = this.#rows(core, "grouping", grouped);
      if (grouping.having.length > 0) {
        built = this.#rows(core, "having", filtered(built, allOf(site, grouping.having)));
      }
    }
    if (windowing !== undefined) {
      const windowed =
        this.spill === undefined
          ? new WindowRows(execution, site, built, windowing)
          : new ExternalWindows(execution, this.spill, site, built, windowing);
      site = site.#behind(windowed.cursors);
      built = this.#rows(core, "windowing", windowed);
    }
    const results = new CoreResults(
      built,
      columns.map(({ value }) => evaluatorOf(site, value)),
    );
    if (!distinct) {
      return { results, site };
    }
    const collations = columns.map(({ collation }) => collation);
    if (this.spill === undefined) {
      const told = new DistinctResults(execution, results, collations);
      return { results: this.#results(core, "distinct", told), site };
    }
    const others = ordering.filter(({ value }) => !columns.some((column) => isSame(column.value, value)));
    const evaluators = others.map(({ value }) => evaluatorOf(site, value));
    const told = new ExternallyDistinct(this.spill, results, collations, evaluators);
    const beside = new Map(others.map(({ value }, index) => [value, () => told.answer(columns.length + index)]));
    return { results: this.#results(core, "distinct", told), site, beside };
  }

  /** The site behind a grouping or windows, where sources have other cursors. */
  #behind(cursors: ReadonlyMap<Source, RowCursor>): Builder {
    const behind = this.#inner();
    for (const [source, cursor] of cursors) {
      behind.place(source, cursor);
    }
    return behind;
  }

  rows(plan: RowsPlan): Rows {
    const rows = this.#rows(plan, "rows", this.#unfiltered(plan));
    return plan.filters.length === 0 ? rows : this.#rows(plan, "filter", filtered(rows, allOf(this, plan.filters)));
  }

  #unfiltered(plan: RowsPlan): Rows {
    switch (plan.kind) {
      case "one":
        return new OneRow();
      case "scan":
        return this.#scan(plan);
      case "query": {
        const results = this.results(plan.query);
        const cursor = new ComputedCursor(results);
        this.place(plan.source, cursor);
        return {
          open: () => results.open(),
          next: () => {
            cursor.isMissing = false;
            return results.next();
          },
          close: () => results.close(),
          setMissing: () => {
            cursor.isMissing = true;
          },
        };
      }
      case "kept": {
        const { rows, cursor } = this.#kept(plan.query).newRows();
        this.place(plan.source, cursor);
        return rows;
      }
      case "function": {
        const rows = new FunctionRows(this, plan.source, plan.list);
        this.place(plan.source, rows);
        return rows;
      }
      case "recursion": {
        const rows = this.recursionOf(plan.source);
        this.place(plan.source, rows);
        return rows;
      }
      case "join":
        return this.#join(plan);
    }
  }

  #scan({ source, access }: Extract<RowsPlan, { kind: "scan" }>): Rows {
    assert(source.origin.kind === "table", "what is scanned is a table");
    const { table } = source.origin;
    const cursor = new TableCursor(this.#execution, table);
    // The access may read sources that are on a row already, but not this one.
    const scan = new TableScan(this.#execution, this, table, cursor, access);
    this.place(source, cursor);
    return scan;
  }

  #kept(plan: QueryPlan): Kept {
    const { bound, body } = plan;
    const isConstant = bound.outer.size === 0;
    const outermost = this.#outermost;
    let kept = isConstant ? outermost.#shared?.get(bound) : undefined;
    if (kept === undefined) {
      const results = this.results(plan);
      kept =
        this.spill === undefined
          ? new KeptResults(this.#execution, results, body.columns.length, isConstant)
          : new StoredResults(this.#execution, this.spill, results, body.columns.length, isConstant);
      if (isConstant) {
        outermost.#shared ??= new Map();
        outermost.#shared.set(bound, kept);
      }
    }
    return kept;
  }

  #join(plan: JoinPlan): Rows {
    const { hash } = plan;
    const outer = this.rows(plan.outer);
    if (hash === undefined) {
      assert(plan.join !== "full", "the inner side of a full join is kept");
      const inner = this.rows(plan.inner);
      return new LoopJoin(plan.join, { outer, inner, holds: allOf(this, plan.on) });
    }
    const outerKeys = hash.outer.map((key) => evaluatorOf(this, key));
    const inner = this.rows(plan.inner);
    const innerKeys = hash.inner.map((key) => evaluatorOf(this, key));
    const sources = sourcesIn(plan.inner);
    const cursorOf = (source: Source): RowCursor => this.cursor(source);
    const { spill } = this;
    const { holding } = this.#execution;
    const kept =
      spill === undefined
        ? new KeptSources(inner, sources, cursorOf, holding)
        : new ExternalSide(inner, sources, cursorOf);
    for (const [source, cursor] of kept.cursors) {
      this.place(source, cursor);
    }
    const holds = allOf(this, plan.on);
    if (kept instanceof KeptSources) {
      return new HashJoin(plan.join, outer, kept, holds, hash, { outer: outerKeys, inner: innerKeys }, holding);
    }
    return new ExternalJoin(spill!, { kind: plan.join, outer, inner: kept, holds, keys: hash, outerKeys, innerKeys });
  }
}

/** The sources whose rows a plan goes through. */
function sourcesIn(plan: RowsPlan): Source[] {
  switch (plan.kind) {
    case "one":
      return [];
    case "join":
      return [...sourcesIn(plan.outer), ...sourcesIn(plan.inner)];
    default:
      return [plan.source];
  }
}

/** ORDER BY of a recursive query is by columns of its result. */
function resultColumn({ value }: QueryPlan["ordering"][number]): number {
  assert(value.kind === "column", "a recursive query is ordered by columns of its result");
  return value.column.index;
}
