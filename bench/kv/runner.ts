/**
 * Runs the rounds: every engine and task in a child process of its own, so that neither memory nor garbage of one is
 * the other's, and engines in turn within a round, so that a busy minute of the machine falls upon all of them.
 */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EngineName } from "./engine.ts";
import type { Findings } from "./findings.ts";
import type { Figures, MetricId } from "./metrics.ts";
import type { Options } from "./options.ts";
import type { Order, Step } from "./order.ts";
import { SERIES } from "./series.ts";
import { settleDisk } from "./settle.ts";
import { folderOf, stepsOf } from "./steps.ts";
import type { Told } from "./tell.ts";

/** Per engine, what each round found. */
export type Results = Map<EngineName, Findings[]>;

export interface Progress {
  step(text: string): void;
  failed(engine: EngineName, task: string, error: string): void;
}

/** LevelDB syncs in Node's thread pool: four threads would be four commits at a time. */
const CHILD_ENVIRONMENT = { UV_THREADPOOL_SIZE: "16" };

export async function runRounds(options: Options, progress: Progress): Promise<Results> {
  const results: Results = new Map(options.engines.map((engine) => [engine, []]));
  for (let round = 0; round < options.rounds; round++) {
    // Who begins changes, so that nobody always runs behind the same neighbour.
    const first = round % options.engines.length;
    for (const engine of [...options.engines.slice(first), ...options.engines.slice(0, first)]) {
      results.get(engine)!.push(await runRound(options, engine, round, progress));
    }
  }
  return results;
}

async function runRound(options: Options, engine: EngineName, round: number, progress: Progress): Promise<Findings> {
  const directory = mkdtempSync(join(options.directory, "nacre-bench-"));
  const found: Findings = { figures: {}, courses: {} };
  const run = async (task: Step): Promise<void> => {
    const where = `round ${round + 1} of ${options.rounds}: ${engine}, ${task}`;
    progress.step(where);
    const { entries, fillEntries, only } = options;
    const order = { task, engine, directory: join(directory, folderOf(task)), entries, fillEntries, only };
    settleDisk();
    try {
      const { figures, courses } = await runChild(order, (told) => progress.step(`${where}: ${told}`));
      Object.assign(found.figures, figures);
      Object.assign(found.courses, courses);
    } catch (error) {
      progress.failed(engine, task, error instanceof Error ? error.message : String(error));
    }
  };
  try {
    const steps = stepsOf(options.only, engine, round);
    for (const [index, step] of steps.entries()) {
      await run(step);
      if (!steps.slice(index + 1).some((later) => folderOf(later) === folderOf(step))) {
        rmSync(join(directory, folderOf(step)), { recursive: true, force: true });
      }
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return asked(found, options.only);
}

/** Without what was measured by the way. */
function asked({ figures, courses }: Findings, only: readonly MetricId[]): Findings {
  const series = SERIES.filter(({ metric }) => only.includes(metric)).map(({ id }) => id as string);
  return {
    figures: Object.fromEntries(Object.entries(figures).filter(([id]) => only.includes(id as MetricId))) as Figures,
    courses: Object.fromEntries(Object.entries(courses).filter(([id]) => series.includes(id))),
  };
}

interface Answer {
  readonly findings?: Findings;
  readonly error?: string;
}

function runChild(order: Order, onProgress: (told: string) => void): Promise<Findings> {
  const child = fork(fileURLToPath(new URL("./child.js", import.meta.url)), {
    execArgv: ["--expose-gc"],
    env: { ...process.env, ...CHILD_ENVIRONMENT },
  });
  return new Promise((resolve, reject) => {
    let answer: Answer | undefined;
    child.on("message", (message: Answer | Told) => {
      if ("progress" in message) {
        onProgress(message.progress);
      } else {
        answer = message;
      }
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (answer?.findings !== undefined) {
        resolve(answer.findings);
      } else if (order.task === "recovery-prepare" && signal === "SIGKILL") {
        resolve({ figures: {}, courses: {} });
      } else {
        reject(new Error(answer?.error ?? `the child process ended with ${signal ?? code} and no answer`));
      }
    });
    child.send(order);
  });
}
