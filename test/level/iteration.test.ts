/** Iterators against a model, what they see while others write, and that the event loop turns beside them. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Level } from "../../src/level.ts";
import { checkProperty } from "../support/property.ts";
import { ENGINES } from "./engines.ts";
import { codesOf, Place } from "./places.ts";

interface Range {
  readonly gt?: string;
  readonly gte?: string;
  readonly lt?: string;
  readonly lte?: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}

type Step = { readonly next: true } | { readonly nextv: number } | { readonly seek: string };

const key = fc.string({ unit: fc.constantFrom("a", "b", "\u00e9", "\0"), maxLength: 3 });
const range: fc.Arbitrary<Range> = fc.record(
  { gt: key, gte: key, lt: key, lte: key, reverse: fc.boolean(), limit: fc.integer({ min: -1, max: 12 }) },
  { requiredKeys: [] },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constant({ next: true } as const),
  fc.record({ nextv: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ seek: key }),
);

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function isInRange(name: string, { gt, gte, lt, lte }: Range): boolean {
  const above = gte !== undefined ? compare(name, gte) >= 0 : gt === undefined || compare(name, gt) > 0;
  return above && (lte !== undefined ? compare(name, lte) <= 0 : lt === undefined || compare(name, lt) < 0);
}

/** The keys that an iterator over `range` has to give, in their order, from `target` on if it was sought. */
function expectedKeys(keys: Iterable<string>, asked: Range, target?: string): string[] {
  const sorted = [...keys].filter((name) => isInRange(name, asked)).sort(compare);
  const ordered = asked.reverse === true ? sorted.reverse() : sorted;
  if (target === undefined) {
    return ordered;
  }
  const sign = asked.reverse === true ? -1 : 1;
  return isInRange(target, asked) ? ordered.filter((name) => sign * compare(name, target) >= 0) : [];
}

async function put(level: Level, keys: Iterable<string>, value = "v"): Promise<void> {
  await level.batch([...keys].map((name) => ({ type: "put" as const, key: name, value })));
}

const wide = (i: number) => String(i).padStart(6, "0");

describe.each(ENGINES)("iterators on %s", (engine) => {
  test("give what a model gives, through every step, half of it in pages", async () => {
    await using place = new Place();
    const level = await place.own({ engine });
    const property = fc.asyncProperty(
      fc.uniqueArray(key, { maxLength: 30 }),
      fc.uniqueArray(key, { maxLength: 10 }),
      range,
      fc.array(step, { maxLength: 8 }),
      async (first, second, asked, steps) => {
        await level.clear();
        await put(level, first);
        await level.database.checkpoint();
        await put(level, second);
        const keys = new Set([...first, ...second]);
        const iterator = level.keys(asked);
        let left = expectedKeys(keys, asked);
        let count = 0;
        const limit = asked.limit === undefined || asked.limit < 0 ? Number.POSITIVE_INFINITY : asked.limit;
        for (const taken of steps) {
          if ("seek" in taken) {
            iterator.seek(taken.seek);
            left = expectedKeys(keys, asked, taken.seek);
            continue;
          }
          const most = Math.min("nextv" in taken ? taken.nextv : 1, limit - count);
          const got = "nextv" in taken ? await iterator.nextv(taken.nextv) : [await iterator.next()];
          const wanted = left.splice(0, most);
          expect(got).toEqual("nextv" in taken ? wanted : [wanted[0]]);
          count += wanted.length;
        }
        expect(await iterator.all()).toEqual(left.slice(0, Math.max(0, limit - count)));
      },
    );
    await checkProperty(property, { runs: 60 });
  });

  test("clear what a model clears", async () => {
    await using place = new Place();
    const level = await place.own({ engine });
    const property = fc.asyncProperty(fc.uniqueArray(key, { maxLength: 30 }), range, async (keys, asked) => {
      await level.clear();
      await put(level, keys);
      await level.clear(asked);
      const limit = asked.limit === undefined || asked.limit < 0 ? Number.POSITIVE_INFINITY : asked.limit;
      const gone = new Set(expectedKeys(keys, asked).slice(0, limit));
      expect(await level.keys().all()).toEqual(keys.filter((name) => !gone.has(name)).sort(compare));
    });
    await checkProperty(property, { runs: 60 });
  });

  test("see the moment of their making, after seeks and checkpoints too", async () => {
    await using place = new Place();
    const level = await place.own({ engine });
    await put(
      level,
      Array.from({ length: 500 }, (_, i) => wide(i * 2)),
      "before",
    );
    const iterator = level.iterator();
    const snapshot = level.snapshot();
    await put(
      level,
      Array.from({ length: 1000 }, (_, i) => wide(i)),
      "after",
    );
    await level.del(wide(4));
    await level.database.checkpoint();
    await put(level, [wide(6)], "later");
    expect((await iterator.nextv(3)).map(([name, value]) => name + value)).toEqual([
      "000000before",
      "000002before",
      "000004before",
    ]);
    iterator.seek(wide(500));
    await level.clear();
    await level.database.checkpoint();
    expect((await iterator.all()).length).toBe(250);
    expect((await level.iterator({ snapshot }).all()).length).toBe(500);
    expect(await level.getMany([wide(4), wide(5)], { snapshot })).toEqual(["before", undefined]);
    expect(await level.hasMany([wide(4), wide(5)], { snapshot })).toEqual([true, false]);
    await snapshot.close();
    expect(level.database.stats().openSnapshots).toBe(0);
  });

  test("clear is one commit, behind which puts stay; with a limit it takes several, and leaves what is put meanwhile", async () => {
    await using place = new Place();
    const level = await place.own({ engine });
    await put(
      level,
      Array.from({ length: 3500 }, (_, i) => wide(i)),
    );
    const before = level.database.lastCommit;
    const clearing = level.clear({ limit: 3499 });
    await level.put(wide(3000), "new");
    await level.put("zzz", "new");
    await clearing;
    // An entry that was there is deleted, whatever its value is by now; the one that was not stays.
    expect(await level.keys().all()).toEqual([wide(3499), "zzz"]);
    expect(level.database.lastCommit - before).toBe(2 + 4);
    const cleared = level.clear({ gte: wide(0) });
    await level.put(wide(1), "newer");
    await cleared;
    expect(await level.keys().all()).toEqual([wide(1)]);
    expect(level.database.lastCommit - before).toBe(2 + 4 + 2);
  });

  test("large values pass through, one at a time", async () => {
    await using place = new Place();
    const level = await place.own({ engine });
    const value = "x".repeat(300_000);
    await put(level, ["a", "b", "c", "d"], value);
    await level.database.checkpoint();
    expect((await level.values().all()).every((read) => read === value)).toBe(true);
    expect((await level.iterator({ reverse: true, limit: 2 }).all()).map(([name]) => name)).toEqual(["d", "c"]);
  });
});

describe("beside iterators, reads and writes the event loop turns", () => {
  const LENGTH = 20_000;

  async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns++;
      if (!isOver) {
        setImmediate(count);
      }
    };
    setImmediate(count);
    await work();
    isOver = true;
    return turns;
  }

  async function forEachKey(use: (name: string) => Promise<unknown>): Promise<void> {
    for (let i = 0; i < LENGTH; i++) {
      await use(wide(i));
    }
  }

  test("at least once in about a thousand", async () => {
    await using place = new Place();
    const level = await place.own();
    const turns = {
      put: await turnsDuring(() => forEachKey((name) => level.put(name, ""))),
      get: await turnsDuring(() => forEachKey((name) => level.get(name))),
      has: await turnsDuring(() => forEachKey((name) => level.has(name))),
      next: await turnsDuring(async () => {
        for await (const _ of level.iterator()) {
          // Nothing: the loop alone.
        }
      }),
      nextv: await turnsDuring(() => level.keys().nextv(LENGTH)),
      all: await turnsDuring(() => level.values().all()),
      clear: await turnsDuring(() => level.clear({ limit: LENGTH })),
    };
    for (const [name, count] of Object.entries(turns)) {
      expect(count, name).toBeGreaterThanOrEqual(10);
    }
  });

  test("however short the walks and however many items are asked for at once", async () => {
    await using place = new Place();
    const level = await place.own();
    const empty = await place.shared(level.database, "empty");
    await forEachKey((name) => level.put(name, ""));
    const turns = {
      "nextv(1)": await turnsDuring(async () => {
        const keys = level.keys();
        while ((await keys.nextv(1)).length > 0) {
          // One at a time.
        }
      }),
      "nextv up to a turn": await turnsDuring(async () => {
        // The last item of each call is the one with which a turn is due.
        for (let i = 0; i < 100; i++) {
          await level.keys({ limit: 1024 }).nextv(1024);
        }
      }),
      "all of one": await turnsDuring(() => forEachKey(() => level.keys({ limit: 1 }).all())),
      "all of nothing": await turnsDuring(() => forEachKey(() => empty.keys().all())),
      "next of nothing": await turnsDuring(() => forEachKey(() => empty.keys().next())),
      "loops over nothing": await turnsDuring(() =>
        forEachKey(async () => {
          for await (const _ of empty.iterator()) {
            // There is nothing.
          }
        }),
      ),
      "closing what was not read": await turnsDuring(() => forEachKey(() => empty.values().close())),
      "clear of nothing": await turnsDuring(() => forEachKey(() => empty.clear())),
      "clear of one": await turnsDuring(() => forEachKey((name) => level.clear({ gte: name, limit: 1 }))),
    };
    for (const [name, count] of Object.entries(turns)) {
      expect(count, name).toBeGreaterThanOrEqual(10);
    }
  });

  test("more often where values are large", async () => {
    await using place = new Place();
    const level = await place.own({ segmentBytes: 8 * 1024 * 1024 });
    const value = "x".repeat(256 * 1024);
    const many = (use: () => Promise<unknown>) =>
      turnsDuring(async () => {
        for (let i = 0; i < 40; i++) {
          await use();
        }
      });
    const turns = {
      put: await many(() => level.put("a", value)),
      batch: await many(() => level.batch([{ type: "put", key: "a", value }])),
      "chained batch": await many(() => level.batch().put("a", value).write()),
      get: await many(() => level.get("a")),
      getMany: await many(() => level.getMany(["a"])),
      all: await many(() => level.values().all()),
    };
    for (const [name, count] of Object.entries(turns)) {
      expect(count, name).toBeGreaterThanOrEqual(40);
    }
  });

  test("and a signal that fires meanwhile ends a long read", async () => {
    await using place = new Place();
    const level = await place.own();
    await put(
      level,
      Array.from({ length: LENGTH }, (_, i) => wide(i)),
    );
    const controller = new AbortController();
    setImmediate(() => controller.abort(new Error("enough")));
    expect(await codesOf(() => level.keys({ signal: controller.signal }).all())).toBe("LEVEL_ABORTED < Error");
    expect(level.database.stats().openSnapshots).toBe(0);
  });
});

test("an iterator whose moment was taken back says so", async () => {
  await using place = new Place();
  const level = await place.own({ snapshotMemoryBytes: 0 });
  await put(level, ["a", "b"]);
  const iterator = level.keys();
  const snapshot = level.snapshot();
  expect(await iterator.next()).toBe("a");
  for (let i = 0; i < 4; i++) {
    await put(
      level,
      Array.from({ length: 1000 }, (_, j) => wide(j)),
    );
    await level.database.checkpoint();
  }
  expect(await codesOf(() => iterator.next())).toBe("LEVEL_SNAPSHOT_NOT_OPEN < CONFLICT");
  expect(await codesOf(() => level.get("a", { snapshot }))).toBe("LEVEL_SNAPSHOT_NOT_OPEN < CONFLICT");
  expect(await codesOf(() => level.clear({ snapshot }))).toBe("LEVEL_SNAPSHOT_NOT_OPEN < CONFLICT");
  await iterator.close();
});

test("a snapshot reads every level of its database, and none of another", async () => {
  await using place = new Place();
  await using elsewhere = new Place();
  const database = place.database();
  const [one, other, foreign] = [
    await place.shared(database, "one"),
    await place.shared(database, "other"),
    await elsewhere.own(),
  ];
  await other.put("a", "before");
  const snapshot = one.snapshot();
  await other.put("a", "after");
  expect(await other.get("a", { snapshot })).toBe("before");
  expect(await codesOf(() => foreign.get("a", { snapshot }))).toBe("TypeError");
  expect(await codesOf(() => foreign.keys({ snapshot }))).toBe("TypeError");
  const strange = { ref: () => {}, unref: () => {} } as never;
  expect(await codesOf(() => one.get("a", { snapshot: strange }))).toBe("TypeError");
});
