/** Arenas that wait for segments. */
import { expect, test } from "vitest";
import { SpareArenas } from "../../src/wal/spare-arenas.ts";

const BYTES = 64 * 1024;

test("arenas of a segment's size come back, as many as are expected; two stay at rest", () => {
  const spares = new SpareArenas(BYTES, () => 1);
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
