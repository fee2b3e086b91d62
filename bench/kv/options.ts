/** The command line of the benchmark. */
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ENGINE_NAMES, type EngineName } from "./engine.ts";
import { METRICS, type MetricId } from "./metrics.ts";

export interface Options {
  readonly entries: number;
  readonly rounds: number;
  readonly engines: readonly EngineName[];
  readonly only: readonly MetricId[];
  /** Where databases are made and removed. */
  readonly directory: string;
  readonly json: string | undefined;
}

export const USAGE: string = `npm run bench -- [options]

  --entries N     entries of the database (300000; a goal speaks of 3000000)
  --rounds N      rounds, of which the median counts (3)
  --engines A,B   ${ENGINE_NAMES.join(", ")}
  --only A,B      metrics, or beginnings of their names:
                  ${METRICS.map((metric) => metric.id).join(" ")}
  --dir PATH      where databases are made; a disk, not a tmpfs (the system's temporary folder)
  --json FILE     the figures of every round, to compare runs
  --help`;

/** Undefined where only help was asked for. Throws an Error that says what is wrong with the arguments. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      entries: { type: "string", default: "300000" },
      rounds: { type: "string", default: "3" },
      engines: { type: "string", default: ENGINE_NAMES.join(",") },
      only: { type: "string", default: "" },
      dir: { type: "string", default: tmpdir() },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    return undefined;
  }
  return {
    entries: wholeNumber("--entries", values.entries, 1000),
    rounds: wholeNumber("--rounds", values.rounds, 1),
    engines: namedEngines(values.engines),
    only: namedMetrics(values.only),
    directory: resolve(values.dir),
    json: values.json,
  };
}

function wholeNumber(option: string, text: string, least: number): number {
  const number = Number(text.replaceAll("_", ""));
  if (!Number.isSafeInteger(number) || number < least) {
    throw new Error(`${option} is a whole number, at least ${least}, not ${JSON.stringify(text)}`);
  }
  return number;
}

function namedEngines(text: string): EngineName[] {
  const names = text.split(",");
  const unknown = names.find((name) => !(ENGINE_NAMES as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new Error(`there is no engine ${JSON.stringify(unknown)}; there are ${ENGINE_NAMES.join(", ")}`);
  }
  return ENGINE_NAMES.filter((name) => names.includes(name));
}

function namedMetrics(text: string): MetricId[] {
  const beginnings = text.split(",");
  const unknown = beginnings.find((beginning) => !METRICS.some(({ id }) => id.startsWith(beginning)));
  if (unknown !== undefined) {
    throw new Error(
      `there is no metric ${JSON.stringify(unknown)}; there are\n${METRICS.map(({ id }) => id).join(" ")}`,
    );
  }
  return METRICS.map(({ id }) => id).filter((id) => beginnings.some((beginning) => id.startsWith(beginning)));
}
