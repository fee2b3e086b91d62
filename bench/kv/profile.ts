#!/usr/bin/env node
/**
 * One workload of nacre alone under V8's profiler, without what prepares it:
 *
 *   node dist/bench/kv/profile.js get-hit --entries 1000000 --rounds 5
 *
 * prints the rate of each round and the functions that took the time, their own time first, and writes a .cpuprofile that
 * Chrome's or an editor's viewer opens. The worker thread that runs checkpoints is not in it.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { NacreEngine } from "./engines/nacre.ts";
import { chosenEngine } from "./options.ts";
import * as workloads from "./workloads.ts";

const WORKLOADS: Readonly<Record<string, workloads.Workload>> = {
  "get-hit": workloads.getHit,
  "get-miss": workloads.getMiss,
  scan: workloads.scan,
  range: workloads.range,
  fill: workloads.fill,
  update: workloads.update,
  delete: workloads.deletes,
  "commit-1": workloads.commitOneByOne,
  "commit-64": workloads.commitConcurrently,
};
/** Reads a database that has updates in its log. */
const FRESH = "get-fresh";
const SHOWN_FUNCTIONS = 25;
const SAMPLING_MICROSECONDS = 200;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    entries: { type: "string", default: "300000" },
    rounds: { type: "string", default: "3" },
    engine: { type: "string", default: "btree" },
    out: { type: "string" },
  },
});
const name = positionals[0] ?? "";
const workload = name === FRESH ? workloads.getHit : WORKLOADS[name];
if (workload === undefined) {
  console.error(`which workload? ${[...Object.keys(WORKLOADS), FRESH].join(" ")}`);
  process.exit(2);
}
await profile(workload, Number(values.entries), Number(values.rounds), values.out ?? `${name}.cpuprofile`);

async function profile(run: workloads.Workload, entries: number, rounds: number, out: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "nacre-profile-"));
  const engine = new NacreEngine(chosenEngine(values.engine));
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: SAMPLING_MICROSECONDS });
  try {
    await prepare(engine, directory, entries);
    await session.post("Profiler.start");
    for (let round = 0; round < rounds; round++) {
      console.log(`${name}: ${Math.round(await run(engine, entries))} per second`);
    }
    const { profile: found } = await session.post("Profiler.stop");
    writeFileSync(out, JSON.stringify(found));
    printHottest(found as CpuProfile);
    console.log(`written to ${out}`);
    engine.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function prepare(engine: NacreEngine, directory: string, entries: number): Promise<void> {
  engine.open(directory, "relaxed");
  if (name !== "fill") {
    await workloads.fill(engine, entries);
    engine.close();
    engine.open(directory, name.startsWith("commit-") ? "durable" : "relaxed");
  }
  if (name === FRESH) {
    await workloads.update(engine, entries);
  }
}

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

function printHottest({ nodes, samples, timeDeltas }: CpuProfile): void {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, frameText(callFrame)]));
  const ownTime = new Map<string, number>();
  let total = 0;
  for (const [index, id] of samples.entries()) {
    const time = timeDeltas[index]!;
    total += time;
    ownTime.set(names.get(id)!, (ownTime.get(names.get(id)!) ?? 0) + time);
  }
  const hottest = [...ownTime].sort((a, b) => b[1] - a[1]).slice(0, SHOWN_FUNCTIONS);
  for (const [frame, time] of hottest) {
    console.log(`${((time / total) * 100).toFixed(1).padStart(5)} %  ${frame}`);
  }
}

function frameText({ functionName, url, lineNumber }: CpuProfile["nodes"][number]["callFrame"]): string {
  const file = url.slice(url.lastIndexOf("/", url.lastIndexOf("/") - 1) + 1);
  return `${functionName || "(anonymous)"}${file === "" ? "" : `  ${file}:${lineNumber + 1}`}`;
}
