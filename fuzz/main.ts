/**
 * `npm run fuzz`: all fuzzers, in turn, for as long as wanted.
 *
 *     npm run fuzz -- --minutes 30                    from a seed of its own, which it tells
 *     npm run fuzz -- --seconds 20 --seed 7           the same rounds every time, as far as they come
 *     npm run fuzz -- --only mvcc --backend pread     one of them, on one backend
 *     npm run fuzz -- --only mvcc --verbose           tells at the end what crashes fell into
 *     npm run fuzz -- --canary                        plants every bug that the fuzzers say they find; each must be found
 *     npm run fuzz -- --only mvcc --backend pread --seed 1234 --rounds 1 --keep 0-1,7     what a finding prints
 *
 * Each fuzzer gets the same share of the time, and its rounds the seeds S, S + 1, …; kept seeds (seeds/*.json: rounds that
 * found something once) run first. The first finding ends it: it is shrunk, printed with the command that repeats it, and
 * the exit code is 1. 2 is a mistake in the arguments.
 */
import { parseArgs } from "node:util";
import { PLAIN, type Style, styleFor } from "../src/cli/style.ts";
import { systemRng } from "../src/random.ts";
import { ALL_FUZZERS } from "./all.ts";
import { formatKept, parseKept } from "./draws.ts";
import type { Fuzzer } from "./fuzzer.ts";
import { keptSeeds } from "./kept-seeds.ts";
import { type Backend, type Finding, huntCanary, runRound, shrinkFinding } from "./session.ts";

const CANARY_MS = 60_000;
const REPORT_MS = 10_000;
const BACKENDS: readonly Backend[] = ["pread", "mmap", "memory"];

interface Plan {
  readonly fuzzers: readonly Fuzzer[];
  readonly backends: readonly Backend[];
  readonly seed: number;
  readonly limitMs: number;
  readonly rounds: number;
  readonly isCanary: boolean;
  readonly kept: readonly number[] | undefined;
  readonly isVerbose: boolean;
}

const USAGE =
  "usage: npm run fuzz -- [--minutes N] [--seconds N] [--seed N] [--only NAME] [--backend NAME] [--canary] [--verbose]";

class UsageError extends Error {}

function planOf(args: readonly string[]): Plan {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string" },
      seconds: { type: "string" },
      seed: { type: "string" },
      only: { type: "string" },
      backend: { type: "string", default: "all" },
      rounds: { type: "string" },
      keep: { type: "string" },
      canary: { type: "boolean", default: false },
      verbose: { type: "boolean", default: false },
    },
  });
  const fuzzers = values.only === undefined ? ALL_FUZZERS : namedFuzzers(values.only);
  const backends = BACKENDS.filter((backend) => values.backend === "all" || values.backend === backend);
  const kept = values.keep === undefined ? undefined : parseKept(values.keep);
  if (backends.length === 0 || (values.keep !== undefined && kept === undefined)) {
    throw new UsageError(`--backend is of ${BACKENDS.join(", ")}, all; --keep as 0-1,7`);
  }
  const seconds = numberOf("seconds", values.seconds) ?? (numberOf("minutes", values.minutes) ?? 1) * 60;
  return {
    fuzzers,
    backends,
    seed: numberOf("seed", values.seed) ?? systemRng.next(),
    limitMs: seconds * 1000,
    rounds: numberOf("rounds", values.rounds) ?? Number.POSITIVE_INFINITY,
    isCanary: values.canary,
    kept,
    isVerbose: values.verbose,
  };
}

function namedFuzzers(text: string): Fuzzer[] {
  const names = text.split(",");
  const unknown = names.find((name) => !ALL_FUZZERS.some((fuzzer) => fuzzer.name === name));
  if (unknown !== undefined) {
    const all = ALL_FUZZERS.map(({ name }) => name).join(", ");
    throw new UsageError(`there is no fuzzer ${JSON.stringify(unknown)}; there are ${all}`);
  }
  return ALL_FUZZERS.filter(({ name }) => names.includes(name));
}

function numberOf(name: string, text: string | undefined): number | undefined {
  const value = text === undefined ? undefined : Number(text);
  if (value !== undefined && !(value >= 0)) {
    throw new UsageError(`--${name} is a number, not ${text}`);
  }
  return value;
}

/** Rounds of all fuzzers until the time is up; the first finding. */
async function fuzz(plan: Plan, style: Style): Promise<Finding | undefined> {
  for (const kept of plan.kept === undefined ? keptSeeds(plan.fuzzers) : []) {
    const finding = await runRound(kept);
    if (finding !== undefined) {
      return finding;
    }
  }
  const spent = plan.fuzzers.map((fuzzer) => ({ fuzzer, ms: 0, rounds: 0 }));
  const progress = new Progress(plan, style);
  for (;;) {
    const next = spent.reduce((least, other) => (other.ms < least.ms ? other : least));
    if (Date.now() - progress.start > plan.limitMs || next.rounds >= plan.rounds) {
      progress.end(spent);
      return undefined;
    }
    const before = Date.now();
    const backend = plan.backends[next.rounds % plan.backends.length]!;
    const seed = plan.seed + next.rounds;
    const finding = await runRound({ fuzzer: next.fuzzer, seed, backend, kept: plan.kept });
    if (finding !== undefined) {
      progress.clear();
      return finding;
    }
    next.ms += Date.now() - before + 0.001;
    next.rounds++;
    progress.show(spent);
  }
}

type Spent = readonly { readonly fuzzer: Fuzzer; readonly ms: number; readonly rounds: number }[];

/** One line: on a terminal it is rewritten, elsewhere a new one every few seconds. */
class Progress {
  readonly start: number;
  readonly #plan: Plan;
  readonly #style: Style;
  #shownAt: number;

  constructor(plan: Plan, style: Style) {
    this.start = Date.now();
    this.#plan = plan;
    this.#style = style;
    this.#shownAt = this.start;
  }

  show(spent: Spent): void {
    const now = Date.now();
    const everyMs = process.stdout.isTTY ? 200 : REPORT_MS;
    if (now - this.#shownAt >= everyMs) {
      this.#shownAt = now;
      this.#print(spent, false);
    }
  }

  end(spent: Spent): void {
    this.#print(spent, true);
  }

  clear(): void {
    if (process.stdout.isTTY) {
      process.stdout.write("\r\x1b[K");
    }
  }

  #print(spent: Spent, isLast: boolean): void {
    const seconds = Math.floor((Date.now() - this.start) / 1000);
    const { limitMs, seed } = this.#plan;
    const of = Number.isFinite(limitMs) ? ` of ${clock(Math.round(limitMs / 1000))}` : "";
    const counts = spent.map(({ fuzzer, rounds }) => `${fuzzer.name} ${this.#style.bold(String(rounds))}`).join("  ");
    const verdict = isLast ? this.#style.green("nothing found") : this.#style.dim(`seed ${seed}`);
    const line = `${clock(seconds)}${this.#style.dim(of)}  ${counts}  ${verdict}`;
    process.stdout.write(
      process.stdout.isTTY && !isLast ? `\r\x1b[K${line}` : `${process.stdout.isTTY ? "\r\x1b[K" : ""}${line}\n`,
    );
  }
}

function clock(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function printFinding({ round, error }: Finding, style: Style): void {
  const { fuzzer, seed, backend, kept } = round;
  const keep = kept === undefined ? "" : ` --keep ${formatKept(kept)}`;
  console.log(`${style.red("found")} by ${style.bold(fuzzer.name)} on ${backend}, seed ${seed}\n`);
  for (let cause: unknown = error; cause !== undefined; cause = cause instanceof Error ? cause.cause : undefined) {
    console.log(`${cause === error ? "" : "because of "}${cause instanceof Error ? cause.stack : String(cause)}\n`);
  }
  console.log(
    `repeat it:\n  npm run fuzz -- --only ${fuzzer.name} --backend ${backend} --seed ${seed} --rounds 1${keep}`,
  );
}

function printTallies(fuzzers: readonly Fuzzer[]): void {
  for (const { name, tally } of fuzzers) {
    for (const [what, count] of tally ?? []) {
      console.log(`${name}: ${count} crashes in ${what}`);
    }
  }
}

/** Every canary of every fuzzer; how many were missed. */
async function hunt(plan: Plan, style: Style): Promise<number> {
  let missed = 0;
  for (const fuzzer of plan.fuzzers) {
    for (const canary of fuzzer.canaries) {
      const { isFound, rounds, ms } = await huntCanary(fuzzer, canary, plan.seed, CANARY_MS);
      missed += isFound ? 0 : 1;
      const verdict = isFound ? style.green("found ") : style.red("missed");
      console.log(
        `${verdict}  ${fuzzer.name}: ${canary}  ${style.dim(`${rounds} rounds, ${(ms / 1000).toFixed(1)} s`)}`,
      );
    }
  }
  return missed;
}

async function main(): Promise<number> {
  const style = process.stdout.isTTY ? styleFor(true, process.env) : PLAIN;
  let plan: Plan;
  try {
    plan = planOf(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return 2;
  }
  if (plan.isCanary) {
    return (await hunt(plan, style)) === 0 ? 0 : 1;
  }
  const finding = await fuzz(plan, style);
  if (plan.isVerbose) {
    printTallies(plan.fuzzers);
  }
  if (finding === undefined) {
    return 0;
  }
  console.log(`${style.dim("a finding; making it smaller")}`);
  printFinding(await shrinkFinding(finding), style);
  return 1;
}

process.exitCode = await main();
