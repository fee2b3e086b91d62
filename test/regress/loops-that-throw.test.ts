/** A loop calls `return` where its body throws, but not where `next` does: what it had pinned stayed pinned. */
import { expect, it } from "vitest";
import { type CustomCodec, open } from "../../src/index.ts";

it("a loop that ends with an error of its codec lets go of what it pinned", () => {
  using db = open(":memory:");
  const faulty: CustomCodec<number> = {
    encode: (value) => Uint8Array.of(value),
    decode: () => {
      throw new Error("cannot decode");
    },
  };
  const map = db.map("m", { value: faulty });
  map.put("a", 1);
  const snapshot = db.snapshot();
  const ranges = [map.range(), snapshot.map("m", { value: faulty }).range()];
  for (const range of ranges) {
    expect(() => [...range]).toThrow("cannot decode");
    const values = range.values();
    expect(() => values.next()).toThrow("cannot decode");
    expect(values.next().done).toBe(true);
  }
  expect(db.stats().openSnapshots).toBe(1);
  snapshot.close();
  expect(db.stats().openSnapshots).toBe(0);
});
