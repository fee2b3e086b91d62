/** The command line of the benchmark. */
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { ENGINE_NAMES, type EngineName, type OwnEngine } from "./engine.ts";
import { METRICS, type MetricId } from "./metrics.ts";

export interface Options {
  readonly entries: number;
  /** Of the sustained fill; what goes with it takes a tenth. */
  readonly fillEntries: number;
  readonly rounds: number;
  readonly engines: readonly EngineName[];
  readonly only: readonly MetricId[];
  /** Where databases are made and removed. */
  readonly directory: string;
  readonly json: string | undefined;
}

const USAGE_WIDTH = 110;
/** In a run without `--engines`: nacre's engine that was chosen, beside the peers that its goals speak of. */
const DEFAULT_ENGINES: Readonly<Record<OwnEngine, readonly EngineName[]>> = {
  nacre: ["nacre", "lmdb", "node-lmdb", "classic-level", "better-sqlite3"],
  "nacre-lsm": ["nacre-lsm", "lmdb", "classic-level"],
};
const OWN_ENGINES: Readonly<Record<string, OwnEngine>> = { btree: "nacre", lsm: "nacre-lsm" };

export const USAGE: string = `npm run bench -- [options]

  --engine E        nacre's storage engine, btree or lsm (btree): which rows and engines there are, unless
                    --only and --engines say otherwise
  --entries N       entries of the database (300000; a goal speaks of 3000000)
  --fill-entries N  entries of the sustained fill; overwriting, rows of JSON, reads beside a fill and
                    deletes of ranges take a tenth (10000000, at least 10000)
  --rounds N        rounds, of which the median counts (3)
  --engines A,B     ${ENGINE_NAMES.join(", ")}
  --only A,B        metrics, or beginnings of their names; btree:
${idsAbout("nacre")}
                    lsm:
${idsAbout("nacre-lsm")}
  --dir PATH        where databases are made; a disk, not a tmpfs (the system's temporary folder)
  --json FILE       the figures of every round, to compare runs
  --help`;

/** Undefined where only help was asked for. Throws an Error that says what is wrong with the arguments. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      engine: { type: "string", default: "btree" },
      entries: { type: "string", default: "300000" },
      "fill-entries": { type: "string", default: "10000000" },
      rounds: { type: "string", default: "3" },
      engines: { type: "string" },
      only: { type: "string" },
      dir: { type: "string", default: tmpdir() },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    return undefined;
  }
  const own = chosenEngine(values.engine);
  return {
    entries: wholeNumber("--entries", values.entries, 1000),
    fillEntries: wholeNumber("--fill-entries", values["fill-entries"], 10_000),
    rounds: wholeNumber("--rounds", values.rounds, 1),
    engines: values.engines === undefined ? DEFAULT_ENGINES[own] : namedEngines(values.engines),
    only: values.only === undefined ? metricsAbout(own) : namedMetrics(values.only),
    directory: resolve(values.dir),
    json: values.json,
  };
}

function metricsAbout(own: OwnEngine): MetricId[] {
  return METRICS.filter(({ about }) => about === own).map(({ id }) => id);
}

function idsAbout(own: OwnEngine): string {
  const lines: string[] = [];
  for (const id of metricsAbout(own)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + id.length >= USAGE_WIDTH) {
      lines.push(`                    ${id}`);
    } else {
      lines[lines.length - 1] = `${last} ${id}`;
    }
  }
  return lines.join("\n");
}

/** The engine of nacre with this storage engine. */
export function chosenEngine(text: string): OwnEngine {
  const own = OWN_ENGINES[text];
  if (own === undefined) {
    throw new Error(`--engine is ${Object.keys(OWN_ENGINES).join(" or ")}, not ${JSON.stringify(text)}`);
  }
  return own;
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
