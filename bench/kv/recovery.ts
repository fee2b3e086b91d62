/**
 * Recovery of a full log segment: one process fills the first segment to its end, commits of 1000, and kills itself; the
 * next one opens, which reads 32 MiB of records, checks and indexes them, and counts what it finds.
 */
import { performance } from "node:perf_hooks";
import { CHUNK_ENTRIES, keyFor, keysOf, VALUE_BYTES, valueFor } from "./dataset.ts";
import { isOwn, Tally } from "./engine.ts";
import { NacreEngine } from "./engines/nacre.ts";
import type { Figures } from "./metrics.ts";
import type { Order } from "./order.ts";
import { verify } from "./verify.ts";

/** So many entries of 136 bytes, in commits of 1000, fill 32 MiB to 99.7 %. */
const ENTRIES = 246_000;
const COMMIT_ENTRIES = 1000;

/** Does not return. */
export function fillSegment({ engine: name, directory }: Order): never {
  verify(isOwn(name), "the engine is one of nacre's");
  const engine = new NacreEngine(name);
  engine.open(directory, "relaxed");
  for (let first = 0; first < ENTRIES; first += CHUNK_ENTRIES) {
    const keys = keysOf(Math.min(CHUNK_ENTRIES, ENTRIES - first), (index) => first + index);
    const values = keys.map((_, index) => valueFor(first + index));
    for (let i = 0; i < keys.length; i += COMMIT_ENTRIES) {
      engine.put(keys, values, i, i + COMMIT_ENTRIES);
    }
  }
  const { segments, checkpoints } = engine.db.stats();
  verify(segments === 1 && checkpoints === 0, `the first segment is full and alone (${segments}, ${checkpoints})`);
  process.kill(process.pid, "SIGKILL");
  throw new Error("a killed process goes on");
}

export function measureRecovery({ engine: name, directory }: Order): Figures {
  verify(isOwn(name), "the engine is one of nacre's");
  const engine = new NacreEngine(name);
  const startedAt = performance.now();
  engine.open(directory, "relaxed");
  const elapsedMs = performance.now() - startedAt;
  const tally = new Tally();
  engine.scan(tally);
  verify(tally.entries === ENTRIES, `recovery finds ${tally.entries} entries of ${ENTRIES}`);
  verify(engine.get(keyFor(ENTRIES - 1))?.length === VALUE_BYTES, "the last entry is there");
  engine.close();
  return { recover: elapsedMs };
}
