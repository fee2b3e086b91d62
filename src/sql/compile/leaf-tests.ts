/** Which conditions of a scan let it pass leaves over (run/zone-maps.ts): those that compare a column with what is known before it. */
import type { Table } from "../catalog/schema.ts";
import type { Bound, BoundComparison, Source } from "../query/bind/bound.ts";
import { INTEGER, REAL, TEXT } from "../value/value.ts";
import type { Frame } from "./frame.ts";
import { can, pair } from "./operand.ts";

interface LeafCondition {
  readonly slot: number;
  readonly hasTexts: boolean;
  readonly comparison: BoundComparison;
}

/** The variable with the tests, which may be undefined; undefined: there are no such conditions. */
export function emitLeafTests(
  frame: Frame,
  source: Source,
  table: Table,
  filters: readonly Bound[],
): string | undefined {
  const { emitter } = frame;
  const conditions = filters.flatMap((filter) => conditionsOf(source, table, filter));
  if (conditions.length === 0) {
    return undefined;
  }
  const tests = emitter.name("tests");
  const use = emitter.constant({ executions: 0 });
  emitter.line(`const ${tests} = ${emitter.use("leafTests")}(reader, ${table.keyspace}, ${use});`);
  emitter.open(`if (${tests} !== undefined)`);
  for (const { slot, hasTexts, comparison } of conditions) {
    const { right, rightConversion, operator } = comparison;
    const operand = frame.converted(right, frame.value(right), rightConversion);
    if (hasTexts && can(operand, TEXT)) {
      emitter.line(`${tests}.addText(${slot}, "${operator}", ${pair(operand)});`);
    } else if (!hasTexts && can(operand, INTEGER, REAL)) {
      emitter.line(`${tests}.add(${slot}, "${operator}", ${pair(operand)});`);
    }
  }
  emitter.close();
  return tests;
}

function conditionsOf(source: Source, table: Table, filter: Bound): LeafCondition[] {
  switch (filter.kind) {
    case "compare":
      return conditionOf(source, table, filter.left, filter.comparison);
    case "between":
      return filter.negated
        ? []
        : [
            ...conditionOf(source, table, filter.operand, filter.low),
            ...conditionOf(source, table, filter.operand, filter.high),
          ];
    default:
      return [];
  }
}

function conditionOf(source: Source, table: Table, left: Bound, comparison: BoundComparison): LeafCondition[] {
  const { nullSafe, leftConversion, right } = comparison;
  const isKnown = right.kind === "constant" || right.kind === "parameter";
  if (nullSafe || leftConversion !== undefined || !isKnown || left.kind !== "column" || left.source !== source) {
    return [];
  }
  if (left.column === source.rowid) {
    return [];
  }
  const { slot, affinity } = table.columns[left.column.index]!;
  const hasTexts = affinity === "TEXT" && comparison.collation === undefined;
  const hasNumbers = affinity === "INTEGER" || affinity === "REAL" || affinity === "NUMERIC";
  return hasTexts || hasNumbers ? [{ slot, hasTexts, comparison }] : [];
}
