/** Medians, ratios and the table. */
import { styleText } from "node:util";
import { type EngineName, isOwn, type OwnEngine } from "./engine.ts";
import { figureText } from "./figure-text.ts";
import { median } from "./median.ts";
import { type Goal, METRICS, type Metric, type MetricId, type Unit } from "./metrics.ts";
import type { Results } from "./runner.ts";

export interface Row {
  readonly metric: Metric;
  readonly medians: ReadonlyMap<EngineName, number>;
  /** The engine of nacre that is compared: the one that the row is about, or the other where that is not in the run. */
  readonly own: OwnEngine | undefined;
  /** Its median to that of the best peer, or of the peers that the goal names; of those that are in the run. */
  readonly ratios: ReadonlyMap<EngineName, number>;
  /** Whether the goal is met by the engine that it is for; undefined without a goal, or without the figures to tell. */
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
    const figures = rounds.map((round) => round.figures[metric.id]).filter((figure) => figure !== undefined);
    if (figures.length > 0) {
      medians.set(engine, median(figures));
    }
  }
  const own = ([metric.about, "nacre", "nacre-lsm"] as const).find((name) => medians.has(name));
  const ratios = ratiosOf(metric.goal, own, medians);
  return { metric, medians, own, ratios, isMet: isMet(metric.goal, medians.get(metric.about), ratios) };
}

function ratiosOf(
  goal: Goal | undefined,
  own: OwnEngine | undefined,
  medians: ReadonlyMap<EngineName, number>,
): Map<EngineName, number> {
  const figure = own === undefined ? undefined : medians.get(own);
  if (goal === undefined || figure === undefined) {
    return new Map();
  }
  return new Map(
    comparedWith(goal, medians)
      .filter((peer) => medians.has(peer))
      .map((peer) => [peer, figure / medians.get(peer)!]),
  );
}

function comparedWith(goal: Goal, medians: ReadonlyMap<EngineName, number>): EngineName[] {
  switch (goal.kind) {
    case "best peer times": {
      const peers = [...medians].filter(([engine]) => !isOwn(engine)).sort((a, b) => b[1] - a[1]);
      return peers.slice(0, 1).map(([engine]) => engine);
    }
    case "at least peers times":
    case "at most peers times":
      return Object.keys(goal.factors) as EngineName[];
    default:
      return [];
  }
}

function isMet(
  goal: Goal | undefined,
  figure: number | undefined,
  ratios: ReadonlyMap<EngineName, number>,
): boolean | undefined {
  if (goal === undefined || figure === undefined) {
    return undefined;
  }
  switch (goal.kind) {
    case "below":
      return figure < goal.bound;
    case "at most":
      return figure <= goal.bound;
    case "at least":
      return figure >= goal.bound;
    case "best peer times":
      return ratios.size === 0 ? undefined : [...ratios.values()].every((ratio) => ratio >= goal.atLeast);
    case "at least peers times":
      return ratios.size === 0 ? undefined : [...ratios].every(([peer, ratio]) => ratio >= goal.factors[peer]!);
    case "at most peers times":
      return ratios.size === 0 ? undefined : [...ratios].every(([peer, ratio]) => ratio <= goal.factors[peer]!);
  }
}

/** The table, coloured where the stream shows colours. */
export function tableOf(rows: readonly Row[], engines: readonly EngineName[], stream: NodeJS.WriteStream): string {
  const head = ["", ...engines, "ratio", "goal"];
  const body = rows.map(({ metric, medians, ratios }) => [
    metric.label,
    ...engines.map((engine) => (medians.has(engine) ? figureText(metric.unit, medians.get(engine)!) : "–")),
    [...ratios.values()].map((ratio) => `${ratio.toFixed(2)}x`).join(", "),
    goalText(metric),
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

function goalText({ goal, unit }: Metric): string {
  switch (goal?.kind) {
    case undefined:
      return "";
    case "best peer times":
      return `≥ ${goal.atLeast}x`;
    case "at least peers times":
      return factorsText("≥", Object.entries(goal.factors));
    case "at most peers times":
      return factorsText("≤", Object.entries(goal.factors));
    case "below":
      return `< ${boundText(goal.bound, unit)}`;
    case "at most":
      return `≤ ${boundText(goal.bound, unit)}`;
    case "at least":
      return `≥ ${boundText(goal.bound, unit)}`;
  }
}

function factorsText(sign: string, factors: readonly (readonly [string, number])[]): string {
  return factors.map(([peer, factor]) => `${sign} ${factor}x ${shortName(peer)}`).join(", ");
}

/** classic-level is level in the table, better-sqlite3 is sqlite. */
function shortName(peer: string): string {
  return peer.replace(/^(classic|better)-/, "").replace(/\d+$/, "");
}

function boundText(bound: number, unit: Unit): string {
  return unit === "share" || unit === "times" ? figureText(unit, bound) : String(bound);
}
