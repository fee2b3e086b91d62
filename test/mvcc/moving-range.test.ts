/** Ends that are set again and again, in buffers that grow. */
import { expect, test } from "vitest";
import { MovingRange, NO_END } from "../../src/mvcc/moving-range.ts";

test("has the ends that it was set to last, however long those before were", () => {
  const range = new MovingRange();
  for (const [lower, upper] of [
    [1, 2],
    [64, 65],
    [65, 64],
    [2048, 2049],
    [3, 0],
    [200, 1],
  ] as const) {
    const [from, to] = [Buffer.alloc(lower + 5, lower), Buffer.alloc(upper + 5, upper + 1)];
    range.set(from, lower, to, upper);
    from.fill(0xff);
    to.fill(0xff);
    expect(Buffer.from(range.lower!)).toEqual(Buffer.alloc(lower, lower));
    expect(Buffer.from(range.upper!)).toEqual(Buffer.alloc(upper, upper + 1));
  }
  range.set(Buffer.alloc(0), NO_END, Buffer.alloc(0), NO_END);
  expect([range.lower, range.upper]).toEqual([undefined, undefined]);
});
