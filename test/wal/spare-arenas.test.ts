/** Arenas that wait for segments, and what is made ready for who writes quickly. */
import { expect, test } from "vitest";
import { MemoryDisk } from "../../src/pager/index.ts";
import { SpareArenas } from "../../src/wal/spare-arenas.ts";

const BYTES = 64 * 1024;

function arenas(live: number): { spares: SpareArenas; touched: Uint8Array[]; end: () => Promise<void> } {
  const touched: Uint8Array[] = [];
  let resolve = (): void => {};
  const disk = Object.assign(new MemoryDisk(), {
    touch: (memory: Uint8Array) => {
      touched.push(memory);
      return new Promise<void>((done) => {
        resolve = done;
      });
    },
  });
  const end = async (): Promise<void> => {
    resolve();
    await Promise.resolve();
  };
  return { spares: new SpareArenas(disk, BYTES, () => live), touched, end };
}

test("who fills a segment quickly has the missing arenas touched, one after the other, and no more", async () => {
  const { spares, touched, end } = arenas(2);
  spares.beginsToFill(1000);
  spares.filled(BYTES / 16, 1010);
  expect(touched.length).toBe(0);
  spares.filled(BYTES / 4, 1020);
  spares.filled(BYTES / 4, 1030);
  expect(touched.length).toBe(1);
  await end();
  spares.filled(BYTES / 2, 1040);
  expect(touched.length).toBe(2);
  await end();
  spares.filled(BYTES, 1050);
  expect(touched.length).toBe(2);
  expect(spares.take(BYTES)).toBe(touched[1]!.buffer);
  expect(spares.take(BYTES)).toBe(touched[0]!.buffer);
  expect(touched.map(({ buffer }) => buffer)).not.toContain(spares.take(BYTES));
});

test("who takes longer has none", () => {
  const { spares, touched } = arenas(1);
  spares.beginsToFill(0);
  spares.filled(BYTES, 5000);
  expect(touched.length).toBe(0);
});

test("arenas of a segment's size come back, as many as are expected; two stay at rest", () => {
  const { spares } = arenas(1);
  const given = Array.from({ length: 5 }, () => new SharedArrayBuffer(BYTES));
  spares.expects(5);
  spares.give(new SharedArrayBuffer(2 * BYTES));
  for (const arena of given) {
    spares.give(arena);
  }
  expect(spares.take(BYTES)).toBe(given[3]);
  spares.rest();
  expect(spares.take(BYTES)).toBe(given[1]);
  expect(spares.take(BYTES)).toBe(given[0]);
  expect(given).not.toContain(spares.take(BYTES));
});
