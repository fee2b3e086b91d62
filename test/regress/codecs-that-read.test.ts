/**
 * A key codec of the user's own that reads the database while it decodes: with a small page cache the page of the value
 * that was to follow had been given to another by then, and the value was what lay there.
 */
import { expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { type CustomCodec, openOn } from "../../src/mvcc/index.ts";
import { MemoryDisk } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";

it("a loop gives each key its value, whatever its codec reads", async () => {
  using db = openOn(
    { disk: new MemoryDisk(), clock: systemClock, rng: seededRng(7) },
    { backend: "pread", cacheBytes: 1024 * 1024, checkpoints: "inline" },
  );
  const others = db.map("others", { value: "bytes" });
  await others.load(
    (function* (): Generator<[string, Uint8Array]> {
      for (let i = 0; i < 15_000; i++) {
        yield [`key ${10_000 + i}`, new Uint8Array(100).fill(i)];
      }
    })(),
  );
  const reading: CustomCodec<string> = {
    encode: (key) => Buffer.from(key),
    decode: (bytes) => {
      others.range().forEach(() => {});
      return Buffer.from(bytes).toString();
    },
  };
  const map = db.map("m", { key: reading, value: "string" });
  const expected = Array.from({ length: 5 }, (_, i): [string, string] => [`key ${i}`, `value ${i}`]);
  for (const [key, value] of expected) {
    map.put(key, value);
  }
  await db.checkpoint();
  expect([...map.range()]).toEqual(expected);
  expect(map.range().toArray()).toEqual(expected);
  expect([...map.range({ reverse: true })]).toEqual([...expected].reverse());
});
