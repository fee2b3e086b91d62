/**
 * Golden scripts of what is compacted next: each line is a step, and below it stands what came of it.
 *
 *   # a comment
 *   options tiered base=100 unit=40 part=20     the policy's settings; before the first step. An entry counts for one byte
 *   run 6 1000-2000:200                         a run of the level: 200 keys spread between the two
 *   flush 1000-1500:20 deletes 1200-1300        a run of level 0; "deletes": the keys that its range delete covers, all the
 *                                               same where there is no number of keys
 *   run 6 1000-2000:20 in 70                    its values lie in the area at page 70; area 70 100 40: it has 100 bytes, 40 live
 *   busy · idle                                 whether there is time
 *   step · steps                                one compaction; all until nothing is left
 *   shape                                       the runs, and the sweeps under way
 *
 * Keys have four digits. A part shows as {first-last:entries}, with ")" where its end is not that of a key, and "cut" where
 * lower keys were swept away. A compaction shows as what it takes (level/run:parts), between which keys, and where it goes.
 */
import { assert } from "../../src/assert.ts";
import type { Manifest, Run } from "../../src/lsm/manifest.ts";
import type { Part } from "../../src/lsm/part.ts";
import { type Compaction, chooseCompaction, compactionDebt, type PolicySettings } from "../../src/lsm/policy.ts";
import type { RangeDelete } from "../../src/lsm/range-deletes.ts";
import { bytes, ShapeModel, text } from "./shape-model.ts";

const MOST_STEPS = 1000;

/** Runs a script and returns it with what its steps give now. */
export function replay(script: string): string {
  const lines = script.split("\n").filter((line) => !line.startsWith("→"));
  const stage = new Stage(lines.find((line) => line.startsWith("options ")) ?? "");
  let replayed = "";
  for (const line of lines.slice(0, -1)) {
    replayed += `${line}\n`;
    if (line !== "" && !line.startsWith("#") && !line.startsWith("options ")) {
      replayed += stage
        .run(line)
        .map((result) => `→ ${result}\n`)
        .join("");
    }
  }
  return replayed;
}

class Stage {
  readonly #model: ShapeModel;
  #settings: PolicySettings;

  constructor(options: string) {
    const number = (name: string, usual: number) => Number(new RegExp(`${name}=(\\d+)`).exec(options)?.[1] ?? usual);
    this.#model = new ShapeModel(1, number("part", 20));
    this.#settings = {
      style: options.includes("tiered") ? "tiered" : "levelled",
      baseBytes: number("base", 100),
      unitBytes: number("unit", 40),
      isIdle: false,
    };
  }

  run(line: string): string[] {
    const [verb, ...words] = line.split(" ");
    switch (verb) {
      case "run":
        return this.#addRun(Number(words[0]), words.slice(1));
      case "flush":
        return this.#addRun(0, words);
      case "area":
        return this.#addArea(words.map(Number));
      case "idle":
      case "busy":
        this.#settings = { ...this.#settings, isIdle: verb === "idle" };
        return [];
      case "step":
        return [this.#step() ?? "nothing to do"];
      case "steps":
        return this.#steps();
      case "shape":
        return describeShape(this.#model.manifest);
      default:
        throw new Error(`there is no step ${line}`);
    }
  }

  #addRun(level: number, words: readonly string[]): string[] {
    const deletes = words.indexOf("deletes");
    const area = words.indexOf("in");
    const range = deletes < 0 ? undefined : rangeOf(words[deletes + 1]!);
    const keys = words[0]!.includes(":") ? keysOf(words[0]!) : [];
    const areas = area < 0 ? [] : [{ page: Number(words[area + 1]), bytes: 1 }];
    this.#model.addRun(level, keys, range === undefined ? [] : [range], undefined, areas);
    return [];
  }

  #addArea([page, lengthBytes, liveBytes]: readonly number[]): string[] {
    this.#model.setArea({ page: page!, lengthBytes: lengthBytes!, liveBytes: liveBytes!, birth: 1 });
    return [];
  }

  #steps(): string[] {
    const steps: string[] = [];
    for (let step = this.#step(); step !== undefined; step = this.#step()) {
      steps.push(step);
      assert(steps.length < MOST_STEPS, "compactions come to an end");
    }
    return steps.length === 0 ? ["nothing to do"] : steps;
  }

  #step(): string | undefined {
    const { manifest } = this.#model;
    const compaction = chooseCompaction(manifest, this.#settings);
    const debt = compactionDebt(manifest, this.#settings);
    assert(compaction === undefined ? debt === 0 : debt > 0, `there is debt while there is something to do: ${debt}`);
    if (compaction === undefined) {
      return undefined;
    }
    this.#model.apply(compaction);
    this.#model.check(this.#settings.style === "levelled");
    return describe(compaction);
  }
}

function keysOf(spread: string): string[] {
  const [, from, to, count] = /^(\d{4})-(\d{4}):(\d+)$/.exec(spread)!;
  const step = (Number(to) - Number(from)) / Number(count);
  assert(step >= 1, `there are so many keys in ${spread}`);
  return Array.from({ length: Number(count) }, (_, i) => String(Number(from) + Math.floor(i * step)).padStart(4, "0"));
}

function rangeOf(range: string): RangeDelete {
  const [lower, upper] = range.split("-");
  return { lower: bytes(lower!), upper: upper === "" ? undefined : bytes(upper!) };
}

function describe({ inputs, lower, upper, level, run, isBottom, emptied }: Compaction): string {
  const taken = inputs.map((input) => `${input.run.level}/${input.run.number}:${input.parts.length}`).join(" ");
  const moved = emptied === undefined ? "" : `, without area ${[...emptied].join(", ")}`;
  const into = run === undefined ? "a new run" : `run ${run}`;
  return (
    `${taken} between ${end(lower)} and ${end(upper)} ──▶ ${into} of level ${level}` +
    `${isBottom ? ", the bottom" : ""}${moved}`
  );
}

function describeShape(manifest: Manifest): string[] {
  const runs = manifest.runs.map(describeRun);
  const sweeps = manifest.sweeps.flatMap((sweep, level) =>
    sweep === undefined ? [] : [`level ${level} is swept from ${end(sweep.from)} on, up to run ${sweep.newestRun}`],
  );
  const areas = [...manifest.areas.values()].map(
    ({ page, lengthBytes, liveBytes }) => `area ${page}: ${liveBytes} of ${lengthBytes}`,
  );
  const lines = [...runs, ...sweeps, ...areas];
  return lines.length === 0 ? ["empty"] : lines;
}

function describeRun({ level, number, parts }: Run): string {
  return `level ${level} run ${number}: ${parts.map(describePart).join(" ")}`;
}

function describePart(part: Part): string {
  const deletes = part.rangeDeletes.map(({ lower, upper }) => ` deletes ${end(lower)}-${end(upper)}`).join("");
  return `{${end(part.lower)}-${end(part.upper)}:${part.bytes}${part.isCut ? " cut" : ""}${deletes}}`;
}

/** The key, and for an end behind a key that key itself. */
function end(key: Uint8Array | undefined): string {
  if (key === undefined) {
    return "…";
  }
  return key.at(-1) === 0 ? text(key.subarray(0, -1)) : `${text(key)})`;
}
