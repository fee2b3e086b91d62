/**
 * Subqueries in expressions.
 *
 * One that reads a row around it is a loop where it stands, left as soon as its answer is known. One that does not is worked out
 * where it is first needed, by a function of its own (unit.ts), once an execution.
 */
import type { Bound, BoundQuery, MemberTest } from "../query/bind/bound.ts";
import { affinityOf } from "../query/bind/traits.ts";
import { NULL } from "../value/value.ts";
import { arenaColumn, emitKeepRow } from "./arena.ts";
import { emitRow } from "./column.ts";
import { equal } from "./comparison.ts";
import { convert, type Frame, type Predicate, type ResultRow } from "./frame.ts";
import { emitKeptRows, keptAnswer, planOf } from "./kept-query.ts";
import { and, assign, declare, type Operand, or, pair, setTag } from "./operand.ts";

/** What `test` of a set, and a loop over rows, leave where neither true nor false is certain. */
const UNKNOWN = -1;

/** The first row's column; NULL where there is none. */
export function firstRow(frame: Frame, bound: Extract<Bound, { kind: "scalar-query" }>): Operand {
  const { emitter } = frame;
  const { query, column } = bound;
  const into = declare(emitter, frame.typesOf(bound));
  const wanted = { columns: [column], isReading: false };
  if (query.outer.size > 0) {
    const label = emitter.name("first");
    emitter.open(`${label}:`);
    frame.query(planOf(frame, query), wanted, (row) => {
      assign(emitter, into, row.column(column));
      emitter.line(`break ${label};`);
    });
    setTag(emitter, into, NULL);
    emitter.close();
    return into;
  }
  const isThere = emitter.variable("isThere", "false");
  emitter.open(`if (!${isThere})`);
  emitter.line(`${isThere} = true;`);
  const arena = keptAnswer(frame, query, `first ${column}`, (inner) => {
    const name = inner.emitter.name("arena");
    inner.emitter.line(`const ${name} = new ${inner.emitter.use("RowArena")}(1);`);
    emitKeptRows(inner, query, [column], (row) => {
      emitKeepRow(inner.emitter, name, [row.column(column)]);
      inner.emitter.line(`return ${name};`);
    });
    return name;
  });
  emitter.open(`if (${arena}.count === 0)`);
  setTag(emitter, into, NULL);
  emitter.otherwise();
  const row = emitRow(emitter, { u8: `${arena}.u8`, data: `${arena}.data` }, `${arena}.offsets[0]`);
  const affinity = affinityOf(query.body.columns[column]!.value);
  assign(emitter, into, arenaColumn(emitter, row, { place: 0, places: 1, types: bound.types, affinity }));
  emitter.close();
  emitter.close();
  return into;
}

export function existence(frame: Frame, { query }: Extract<Bound, { kind: "exists" }>): Predicate {
  const { emitter } = frame;
  const wanted = { columns: [], isReading: false };
  let exists: string;
  if (query.outer.size === 0) {
    exists = `${keptAnswer(frame, query, "exists", (inner) => {
      emitKeptRows(inner, query, [], () => inner.emitter.line("return 1;"));
      return "0";
    })} === 1`;
  } else {
    const found = emitter.variable("exists", "false");
    const label = emitter.name("exists");
    emitter.line(`${found} = false;`);
    emitter.open(`${label}:`);
    frame.query(planOf(frame, query), wanted, () => emitter.line(`${found} = true; break ${label};`));
    emitter.close();
    exists = found;
  }
  return { isTrue: exists, isFalse: `!(${exists})` };
}

/** `operand IN (SELECT …)`: true where a row is equal, else NULL where one might be, else false. */
export function member(frame: Frame, bound: Extract<Bound, { kind: "in-query" }>): Predicate {
  const { emitter } = frame;
  const { tests, query } = bound;
  const operands = tests.map(({ operand, leftConversion }) =>
    frame.converted(operand, frame.value(operand), leftConversion),
  );
  const truth = emitter.number("truth");
  if (query.outer.size === 0 && tests.length === 1) {
    const set = keptSet(frame, query, tests[0]!);
    emitter.line(`${truth} = ${set}.test(${pair(operands[0]!)});`);
  } else {
    emitSearch(frame, bound, operands, truth);
  }
  return { isTrue: `${truth} === 1`, isFalse: `${truth} === 0` };
}

function keptSet(frame: Frame, query: BoundQuery, { rightConversion, collation }: MemberTest): string {
  return keptAnswer(frame, query, `set ${rightConversion} ${collation?.name}`, (inner) => {
    const { emitter, unit } = inner;
    const set = emitter.name("set");
    const { heldRows, heldBytes } = unit.statement.options;
    const bounds = `${heldRows}, ${heldBytes}`;
    emitter.line(`const ${set} = new ${emitter.use("ValueSet")}(${emitter.constant([collation])}, ${bounds});`);
    emitKeptRows(inner, query, [0], (row) => {
      const value = convertedColumn(inner, row, 0, rightConversion);
      emitter.line(`${set}.addValue(${pair(value)});`);
    });
    return set;
  });
}

function convertedColumn(
  frame: Frame,
  row: ResultRow,
  index: number,
  conversion: MemberTest["rightConversion"],
): Operand {
  const operand = row.column(index);
  return conversion === undefined ? operand : convert(frame.emitter, operand, conversion);
}

/** Row by row, until one is equal for certain. */
function emitSearch(
  frame: Frame,
  { tests, query }: Extract<Bound, { kind: "in-query" }>,
  operands: readonly Operand[],
  truth: string,
): void {
  const { emitter } = frame;
  const label = emitter.name("search");
  emitter.line(`${truth} = 0;`);
  emitter.open(`${label}:`);
  const wanted = { columns: tests.map((_, index) => index), isReading: false };
  frame.query(planOf(frame, query), wanted, (row) => {
    const equals = tests.map(({ rightConversion, collation }, index) =>
      equal(frame, operands[index]!, convertedColumn(frame, row, index, rightConversion), collation),
    );
    emitter.when(and(...equals.map(({ isTrue }) => isTrue)), () => emitter.line(`${truth} = 1; break ${label};`));
    emitter.when(or(...equals.map(({ isFalse }) => isFalse)), () => emitter.line(row.skip));
    emitter.line(`${truth} = ${UNKNOWN};`);
  });
  emitter.close();
}
