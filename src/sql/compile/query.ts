/**
 * Queries inside a statement: loops over their rows, in order and within limits.
 *
 *   core    rows → groups → columns → DISTINCT; `consume` emits what is done with a row of the result
 *   query   the same, behind LIMIT and OFFSET; with ORDER BY the rows are kept first, and gone through in order
 */
import { assert } from "../../assert.ts";
import type { Bound, BoundOrdering } from "../query/bind/bound.ts";
import { affinityOf } from "../query/bind/traits.ts";
import type { CorePlan, QueryPlan } from "../query/plan/plan.ts";
import { INTEGER, NULLABLE, REAL, type TypeSet } from "../value/value.ts";
import { Aggregation } from "./aggregate.ts";
import { arenaColumn, emitKeepRow } from "./arena.ts";
import { emitRow } from "./column.ts";
import type { CoreRows } from "./core-rows.ts";
import { compileValue } from "./expression.ts";
import { Frame, type ResultRow, type Wanted } from "./frame.ts";
import { emitFindGroup } from "./group-key.ts";
import { emitEnds, prefixOf } from "./key-access.ts";
import { can, choose, isFast, type Operand, pair } from "./operand.ts";
import { compilePredicate } from "./predicate.ts";
import { emitRecursion } from "./recursion.ts";
import { hasManyRows, RowFunction } from "./row-function.ts";
import { emitRows } from "./rows.ts";
import { emitFilters, tableOf } from "./scan.ts";
import type { FunctionUnit } from "./unit.ts";
import { emitWindows } from "./windows.ts";

/** A frame in which everything compiles, at the start of a function. */
export function newFrame(unit: FunctionUnit): Frame {
  return new Frame(unit, { value: compileValue, test: compilePredicate, query: emitQuery });
}

/** Emits what gives the rows of a SELECT; `consume` has the frame of a row of its result. */
export function emitCore(
  frame: Frame,
  plan: CorePlan,
  rows: CoreRows,
  consume: (frame: Frame, skip: string) => void,
): void {
  const { emitter, unit } = frame;
  const { distinct, columns, grouping, windowing } = plan;
  const isOfRows = grouping === undefined && windowing === undefined;
  const isApart = rows.names !== undefined && isOfRows && frame.isAlone && hasManyRows(plan.rows);
  const apart = isApart ? new RowFunction(frame, plan.rows, rows.names, RowFunction.stop) : undefined;
  let consumeNew = consume;
  const bounds = distinct ? [...rows.bounds, ...columns.map(({ value }) => value)] : rows.bounds;
  if (distinct) {
    const seen = emitter.name("seen");
    const { heldRows, heldBytes } = unit.statement.options;
    emitter.line(`const ${seen} = new ${emitter.use("GroupTable")}(${columns.length}, ${heldRows}, ${heldBytes});`);
    apart?.use(seen);
    consumeNew = (at, skip) => {
      emitDistinct(at, plan, seen, skip);
      consume(at, skip);
    };
  }
  if (windowing !== undefined) {
    const emitBefore = (kept: readonly Bound[], take: (at: Frame) => void): void => {
      if (grouping === undefined) {
        emitRows(frame, plan.rows, { bounds: kept, isReading: false }, () => take(frame));
      } else {
        emitGroups(frame, plan, kept, take);
      }
    };
    emitWindows(frame, plan, emitBefore, consumeNew);
    return;
  }
  if (grouping !== undefined) {
    emitGroups(frame, plan, bounds, consumeNew);
    return;
  }
  const at = apart?.inner ?? frame;
  const behind = { bounds, isReading: rows.isReading };
  const emit = (): void => {
    const through = { afterBatch: rows.afterBatch, apart: apart?.ofBatches };
    emitRows(at, plan.rows, behind, ({ skip }) => consumeNew(at, skip), through);
  };
  apart === undefined ? emit() : apart.emit(emit);
}

function emitDistinct(frame: Frame, { columns }: CorePlan, seen: string, skip: string): void {
  const { emitter } = frame;
  const keys = columns.map(({ value, collation }) => {
    const operand = frame.value(value);
    frame.known.set(value, operand);
    return { operand, collation };
  });
  const [group, known] = [emitter.number("group"), emitter.name("known")];
  emitter.line(`const ${known} = ${seen}.count;`);
  emitFindGroup(emitter, seen, group, keys);
  emitter.line(`if (${group} !== ${known}) ${skip}`);
}

function emitGroups(
  frame: Frame,
  { rows, grouping }: CorePlan,
  bounds: readonly Bound[],
  consume: (frame: Frame, skip: string) => void,
): void {
  assert(grouping !== undefined, "it groups");
  const { emitter } = frame;
  const { having, shortcut } = grouping;
  const isApart = frame.isAlone && hasManyRows(rows);
  const isWhole = shortcut !== "first-row";
  const aggregation = new Aggregation(frame, grouping, [...having, ...bounds], isApart && isWhole);
  aggregation.emitStart();
  if (shortcut === "count" && rows.kind === "scan" && rows.access.kind === "key") {
    const { access, source } = rows;
    const label = emitter.name("source");
    emitter.open(`${label}:`);
    const ends = emitEnds(frame, access, prefixOf(frame, access, undefined), `break ${label};`);
    const { keyspace } = access.index ?? tableOf(source);
    const copies = ends.map((end) => `${emitter.use("copyOfEnd")}(${end})`);
    aggregation.emitCount(`reader.count(${keyspace}, ${copies.join(", ")})`);
    emitter.close();
  } else {
    const label = emitter.name("source");
    emitter.open(`${label}:`);
    const leave = `break ${label};`;
    const apart = isApart ? new RowFunction(frame, rows, aggregation.names, leave) : undefined;
    const at = apart?.inner ?? frame;
    const emitRow = aggregation.emitRows(at);
    const emit = (): void => {
      const through = { apart: apart?.ofBatches };
      emitRows(
        at,
        rows,
        { bounds: aggregation.bounds, isReading: false },
        () => {
          emitRow();
          if (!isWhole) {
            at.emitter.line(apart === undefined ? leave : RowFunction.stop);
          }
        },
        through,
      );
    };
    apart === undefined ? emit() : apart.emit(emit, () => aggregation.emitRowsEnd(at));
    emitter.close();
  }
  aggregation.emitGroups((behind, skip) => {
    emitFilters(behind, having, skip);
    consume(behind, skip);
  });
}

/** Emits the loops over a query's rows, in a frame that sees what is on a row around it. */
function emitQuery(around: Frame, plan: QueryPlan, wanted: Wanted, consume: (row: ResultRow) => void): void {
  const { body, ordering, limit, offset } = plan;
  assert(body.kind === "core" || body.kind === "recursion", "what is compiled is a SELECT, or recursive");
  const frame = around.inner();
  const { emitter } = frame;
  const label = emitter.name("query");
  emitter.open(`${label}:`);
  const limits = emitLimits(frame, plan, `break ${label};`);
  const give = (row: ResultRow): void => {
    if (offset !== undefined) {
      emitter.line(`if (${limits.skip} > 0) { ${limits.skip}--; ${row.skip} }`);
    }
    if (limit !== undefined) {
      emitter.line(`if (${limits.left}-- <= 0) break ${label};`);
    }
    consume(row);
  };
  if (body.kind === "recursion") {
    emitRecursion(frame, body, emitCore, give);
  } else if (ordering.length > 0) {
    emitSorted(frame, { ...plan, body }, wanted, limits, consume);
  } else {
    const columns = wanted.columns.map((index) => body.columns[index]!.value);
    emitCore(frame, body, { bounds: columns, isReading: wanted.isReading }, (at, skip) =>
      give({ column: (index) => at.value(body.columns[index]!.value), skip }),
    );
  }
  emitter.close();
}

/** LIMIT and OFFSET in variables; `none` is a statement for the case that no row is wanted. */
function emitLimits(
  frame: Frame,
  { limit, offset }: QueryPlan,
  none: string,
): { readonly left: string; readonly skip: string } {
  const { emitter } = frame;
  const [left, skip] = [emitter.name("left"), emitter.name("skip")];
  if (limit === undefined) {
    return { left: "Infinity", skip: "0" };
  }
  const limitOf = emitter.use("limitOf");
  emitter.line(`let ${left} = ${limitOf}(${pair(frame.value(limit))}, Infinity);`);
  if (offset !== undefined) {
    emitter.line(`let ${skip} = ${limitOf}(${pair(frame.value(offset))}, 0);`);
  }
  emitter.line(`if (${left} === 0) ${none}`);
  return { left, skip: offset === undefined ? "0" : skip };
}

function emitSorted(
  frame: Frame,
  { body, ordering }: QueryPlan & { readonly body: CorePlan },
  wanted: Wanted,
  limits: { readonly left: string; readonly skip: string },
  consume: (row: ResultRow) => void,
): void {
  const { emitter } = frame;
  const columns = wanted.columns.map((index) => body.columns[index]!.value);
  const [sorter, arena] = [emitter.name("sorter"), emitter.name("arena")];
  emitSorter(frame, sorter, ordering, `${limits.skip} + ${limits.left}`);
  // Rows that the sorter drops stay here.
  emitter.line(`const ${arena} = new ${emitter.use("RowArena")}(Infinity);`);
  const bounds = [...columns, ...ordering.map(({ value }) => value)];
  const keep = (at: Frame, skip: string): void => {
    const slot = emitOffer(at, sorter, ordering, skip);
    const row = emitKeepRow(
      at.emitter,
      arena,
      columns.map((column) => at.value(column)),
    );
    at.emitter.line(`${sorter}.rows[${slot}] = ${row};`);
  };
  emitCore(frame, body, { bounds, isReading: false, names: [sorter, arena] }, keep);
  const [sorted, each, i] = [emitter.name("sorted"), emitter.name("each"), emitter.name("i")];
  const [u8, data] = [emitter.name("u8"), emitter.name("data")];
  emitter.line(`const ${sorted} = [], ${u8} = ${arena}.u8, ${data} = ${arena}.data;`);
  emitter.line(`${sorter}.finish(${sorted}, ${limits.skip}, ${limits.left});`);
  emitter.open(`${each}: for (let ${i} = 0; ${i} < ${sorted}.length; ${i}++)`);
  const row = emitRow(emitter, { u8, data }, `${arena}.offsets[${sorted}[${i}]]`);
  const column = (index: number): Operand => {
    const { value } = body.columns[index]!;
    const place = wanted.columns.indexOf(index);
    const [types, affinity] = [frame.typesOf(value) | columnNulls(body), affinityOf(value)];
    return arenaColumn(emitter, row, { place, places: columns.length, types, affinity });
  };
  consume({ column, skip: `continue ${each};` });
  emitter.close();
}

/** Without GROUP BY a group may have no row, and a column of FROM is NULL there. */
function columnNulls({ grouping }: CorePlan): TypeSet {
  return grouping !== undefined && grouping.keys.length === 0 ? NULLABLE : 0;
}

/** A sorter that keeps so many rows. */
export function emitSorter(frame: Frame, name: string, ordering: readonly BoundOrdering[], wanted: string): void {
  const { emitter, unit } = frame;
  const terms = ordering.map(({ descending, nullsFirst, collation }) => ({ descending, nullsFirst, collation }));
  const { heldRows, heldBytes } = unit.statement.options;
  const bounds = `${wanted}, ${heldRows}, ${heldBytes}`;
  emitter.line(`const ${name} = ${emitter.use("sorterOf")}(${emitter.constant(terms)}, ${bounds});`);
}

/** Offers a row by its keys; the variable with its slot. One that cannot be among those wanted is left by `skip`. */
export function emitOffer(frame: Frame, sorter: string, ordering: readonly BoundOrdering[], skip: string): string {
  const { emitter } = frame;
  const keys = ordering.map(({ value }) => {
    const key = frame.value(value);
    frame.known.set(value, key);
    return key;
  });
  const give = (key: Operand, term: number): void => {
    if (can(key, INTEGER, REAL)) {
      emitter.line(`${sorter}.given[${term}] = ${key.number};`);
    }
  };
  const parts = (key: Operand): string => `${key.tag}, ${choose(isFast(key), "null", key.other)}`;
  const [first] = keys;
  emitter.when(isFast(first!), () => {
    const sign = `${ordering[0]!.descending ? "<" : ">"}${keys.length === 1 ? "=" : ""}`;
    emitter.line(`if (${first!.number} ${sign} ${sorter}.last[0]) ${skip}`);
  });
  give(first!, 0);
  const slot = emitter.name("slot");
  emitter.line(`const ${slot} = ${sorter}.offer(${parts(first!)});`);
  emitter.line(`if (${slot} < 0) ${skip}`);
  keys.slice(1).forEach((key, index) => {
    give(key, index + 1);
    emitter.line(`${sorter}.key(${slot}, ${index + 1}, ${parts(key)});`);
  });
  return slot;
}
