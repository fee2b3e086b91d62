/** Medians, ratios and the table. */
import { styleText } from "node:util";
import type { EngineName } from "./engine.ts";
import { type Goal, METRICS, type Metric, type MetricId } from "./metrics.ts";
import type { Results } from "./runner.ts";

export interface Row {
  readonly metric: Metric;
  readonly medians: ReadonlyMap<EngineName, number>;
  /** nacre's median to the best peer's, or to the peer of the goal; undefined where the goal is a plain bound. */
  readonly ratio: number | undefined;
  /** Whether the goal is met; undefined without a goal, or without the figures to tell. */
  readonly isMet: boolean | undefined;
}

export function summarize(results: Results, only: readonly MetricId[]): Row[] {
  return METRICS.filter(({ id }) => only.includes(id))
    .map((metric) => rowOf(metric, results))
    .filter((row) => row.medians.size > 0);
}

function rowOf(metric: Metric, results: Results): Row {
  const medians = new Map<EngineName, number>();
  for (const [engine, rounds] of results) {
    const figures = rounds.map((round) => round[metric.id]).filter((figure) => figure !== undefined);
    if (figures.length > 0) {
      medians.set(engine, median(figures));
    }
  }
  const ratio = ratioOf(metric, medians);
  return { metric, medians, ratio, isMet: isMet(metric.goal, medians.get("nacre"), ratio) };
}

function ratioOf({ goal }: Metric, medians: ReadonlyMap<EngineName, number>): number | undefined {
  const own = medians.get("nacre");
  if (own === undefined || goal === undefined || goal.kind === "below") {
    return undefined;
  }
  const others = [...medians].filter(([engine]) => engine !== "nacre").map(([, figure]) => figure);
  const peer = goal.kind === "at most that of" ? medians.get(goal.peer) : Math.max(...others);
  return peer === undefined || others.length === 0 ? undefined : own / peer;
}

function isMet(goal: Goal | undefined, own: number | undefined, ratio: number | undefined): boolean | undefined {
  if (goal?.kind === "below") {
    return own === undefined ? undefined : own < goal.bound;
  }
  if (goal === undefined || ratio === undefined) {
    return undefined;
  }
  return goal.kind === "best peer times" ? ratio >= goal.atLeast : ratio <= 1;
}

export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The table, coloured where the stream shows colours. */
export function tableOf(rows: readonly Row[], engines: readonly EngineName[], stream: NodeJS.WriteStream): string {
  const head = ["", ...engines, "ratio", "goal"];
  const body = rows.map((row) => [
    row.metric.label,
    ...engines.map((engine) => figureText(row.metric, row.medians.get(engine))),
    row.ratio === undefined ? "" : `${row.ratio.toFixed(2)}x`,
    goalText(row.metric),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...body].map((cells) => cells[column]!.length)));
  const lines = [head, ...body].map((cells) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "),
  );
  const rule = widths.map((width) => "─".repeat(width)).join("──");
  return [lines[0]!, rule, ...lines.slice(1).map((line, index) => painted(line, rows[index]!.isMet, stream))].join(
    "\n",
  );
}

function painted(line: string, met: boolean | undefined, stream: NodeJS.WriteStream): string {
  if (met === undefined) {
    return stream.isTTY ? line : `${line}   `;
  }
  const mark = `${line} ${met ? "✓" : "✗"}`;
  return stream.isTTY ? styleText(met ? "green" : "red", mark) : mark;
}

function goalText({ goal }: Metric): string {
  switch (goal?.kind) {
    case undefined:
      return "";
    case "best peer times":
      return `≥ ${goal.atLeast}x`;
    case "at most that of":
      return "≤ 1x sqlite";
    case "below":
      return `< ${goal.bound}`;
  }
}

function figureText({ unit }: Metric, figure: number | undefined): string {
  if (figure === undefined) {
    return "–";
  }
  switch (unit) {
    case "bytes":
      return `${figure.toFixed(1)} B`;
    case "ms":
      return `${figure.toFixed(figure < 10 ? 1 : 0)} ms`;
    case "MB":
      return `${figure.toFixed(0)} MB`;
    case "per second":
      return rateText(figure);
  }
}

function rateText(rate: number): string {
  if (rate >= 1e6) {
    return `${(rate / 1e6).toFixed(2)} M/s`;
  }
  if (rate >= 1e3) {
    return rate >= 1e4 ? `${(rate / 1e3).toFixed(0)} k/s` : `${(rate / 1e3).toFixed(2)} k/s`;
  }
  return `${rate.toFixed(1)} /s`;
}
