/**
 * A bound of `clear` may be longer than any key. Its length did not fit into the 16 bits that an operation and a part have
 * for that of a key: other entries went, or the log and the parts could not be read again.
 */
import { describe, expect, test } from "vitest";
import { Level } from "../../src/level.ts";
import { decodePart, encodePart } from "../../src/lsm/part.ts";
import { ENGINES, type Engine } from "../level/engines.ts";
import { Simulated } from "./simulated.ts";

const LONGEST = "b".padEnd(2048, "x");
const KEYS = ["a", "b", LONGEST, "by", "c"];
const BELOW = KEYS.slice(0, 3);
const ABOVE = KEYS.slice(3);

function levelIn(simulated: Simulated, engine: Engine): Level {
  return new Level(simulated.open({ durability: "relaxed", segmentBytes: 64 * 1024 }).db, { map: "m", engine });
}

describe.each(ENGINES)("on %s, a clear with a bound", (engine) => {
  test.each([2048, 2049, 65_535, 65_536, 1024 * 1024])("of %d bytes", async (length) => {
    const bound = "b".padEnd(length, "x");
    const isKey = length === LONGEST.length;
    for (const [range, left] of [
      [{ gte: bound }, isKey ? KEYS.slice(0, 2) : BELOW],
      [{ gt: bound }, BELOW],
      [{ lt: bound }, isKey ? KEYS.slice(2) : ABOVE],
      [{ lte: bound }, ABOVE],
      [{ gte: "b", lte: bound }, ["a", ...ABOVE]],
      [{ gt: bound, lt: `${bound}x` }, KEYS],
    ] as const) {
      for (const isInPages of [false, true]) {
        const simulated = new Simulated();
        const level = levelIn(simulated, engine);
        await level.batch(KEYS.map((key) => ({ type: "put", key, value: "" })));
        if (isInPages) {
          await simulated.done(level.database.checkpoint());
        }
        await level.clear(range);
        expect(await level.keys().all()).toEqual(left);
        simulated.abandon();
        const recovered = levelIn(simulated, engine);
        expect(await recovered.keys().all()).toEqual(left);
        recovered.database.close();
        const again = levelIn(simulated, engine);
        expect(await again.keys().all()).toEqual(left);
        await simulated.done(again.database.check());
        again.database.close();
      }
    }
  });
});

test("below levels, a bound that is longer than a key's successor is refused before anything is written", () => {
  const { db } = new Simulated().open();
  const { store } = db;
  db.map("m", { key: "bytes", value: "bytes" });
  const { id } = store.catalog.find("m")!;
  const [longest, longer] = [new Uint8Array(2049), new Uint8Array(2050).fill(1)];
  const before = db.lastCommit;
  for (const [lower, upper] of [
    [longer, undefined],
    [longest, longer],
  ] as const) {
    store.begin();
    expect(() => store.writer.deleteRange(id, lower, upper)).toThrow("W11");
    store.abort();
  }
  expect(db.lastCommit).toBe(before);
  db.close();

  const part = {
    id: 1,
    root: { page: 0, height: 0, count: 0 },
    filter: { page: 0, pageCount: 0, blocks: 0, probes: 0 },
    lower: longest,
    upper: undefined,
    bytes: 0,
    deletes: 0,
    hiddenBytes: 0,
    birth: 1,
    isCut: false,
    rangeDeletes: [{ lower: longest, upper: undefined }],
    areas: [],
  };
  expect(decodePart(1, encodePart(part))).toEqual(part);
  for (const change of [
    { lower: longer },
    { upper: longer },
    { rangeDeletes: [{ lower: longer, upper: undefined }] },
    { rangeDeletes: [{ lower: longest, upper: longer }] },
  ]) {
    expect(() => encodePart({ ...part, ...change })).toThrow("L2");
  }
});
