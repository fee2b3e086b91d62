/**
 * Runs the rounds: every engine and task in a child process of its own, so that neither memory nor garbage of one is
 * the other's, and engines in turn within a round, so that a busy minute of the machine falls upon all of them.
 */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { EngineName } from "./engine.ts";
import { type Figures, isMeasuredOf, METRICS, type MetricId, type Task } from "./metrics.ts";
import type { Options } from "./options.ts";
import type { Order } from "./order.ts";
import { settleDisk } from "./settle.ts";

/** Per engine, what each round found. */
export type Results = Map<EngineName, Figures[]>;

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

async function runRound(options: Options, engine: EngineName, round: number, progress: Progress): Promise<Figures> {
  const directory = mkdtempSync(join(options.directory, "nacre-bench-"));
  const found: Figures = {};
  const run = async (task: Order["task"], folder: string): Promise<void> => {
    progress.step(`round ${round + 1} of ${options.rounds}: ${engine}, ${task}`);
    const path = join(directory, folder);
    const order = { task, engine, directory: path, entries: options.entries, only: options.only };
    settleDisk();
    try {
      Object.assign(found, await runChild(order));
    } catch (error) {
      progress.failed(engine, task, error instanceof Error ? error.message : String(error));
    }
  };
  try {
    for (const task of tasksOf(options.only, engine, round)) {
      if (task === "serve" && found.fill === undefined) {
        await run("fill", "filled");
      }
      if (task === "recovery") {
        await run("recovery-prepare", task);
      }
      await run(task, task === "fill" || task === "serve" ? "filled" : task);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return Object.fromEntries(Object.entries(found).filter(([id]) => options.only.includes(id as MetricId)));
}

function tasksOf(only: readonly MetricId[], engine: EngineName, round: number): Task[] {
  const wanted = new Set<Task>(METRICS.filter(({ id }) => only.includes(id)).map(({ task }) => task));
  // Memory does not depend on how busy the machine is: once will do.
  return [...wanted].filter((task) => isMeasuredOf(task, engine) && (task !== "memory" || round === 0)).sort(byOrder);
}

function byOrder(a: Task, b: Task): number {
  const order: readonly Task[] = ["fill", "serve", "recovery", "loop-delay", "memory", "sql"];
  return order.indexOf(a) - order.indexOf(b);
}

interface Answer {
  readonly figures?: Figures;
  readonly error?: string;
}

function runChild(order: Order): Promise<Figures> {
  const child = fork(fileURLToPath(new URL("./child.js", import.meta.url)), {
    execArgv: ["--expose-gc"],
    env: { ...process.env, ...CHILD_ENVIRONMENT },
  });
  return new Promise((resolve, reject) => {
    let answer: Answer | undefined;
    child.once("message", (message) => {
      answer = message as Answer;
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      if (answer?.figures !== undefined) {
        resolve(answer.figures);
      } else if (order.task === "recovery-prepare" && signal === "SIGKILL") {
        resolve({});
      } else {
        reject(new Error(answer?.error ?? `the child process ended with ${signal ?? code} and no answer`));
      }
    });
    child.send(order);
  });
}
