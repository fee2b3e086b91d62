/** Bytes that were made in another realm, as some test runners make them, are no `instanceof Uint8Array`, and were refused. */
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { open } from "../../src/index.ts";

const bytes = runInNewContext("Uint8Array.of(1, 2, 3)") as Uint8Array;

it("bytes of another realm are keys, values, elements of tuples and what codecs return", () => {
  expect(bytes instanceof Uint8Array).toBe(false);
  using db = open(":memory:");
  const map = db.map("bytes", { key: "bytes", value: "bytes" });
  map.put(bytes, bytes);
  expect(map.get(Uint8Array.of(1, 2, 3))).toEqual(Uint8Array.of(1, 2, 3));
  const tuples = db.map<number>("tuples", { key: "tuple" });
  tuples.put(["a", bytes], 1);
  expect(tuples.get(["a", Uint8Array.of(1, 2, 3)])).toBe(1);
  const codec = { encode: () => bytes, decode: () => "the one" };
  const custom = db.map("custom", { key: codec, value: codec });
  custom.put("any", "thing");
  expect([...custom]).toEqual([["the one", "the one"]]);
});
