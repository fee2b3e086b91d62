/**
 * Code of the application's that runs within a write and uses other maps: a merge function made `delete` delete another key,
 * a codec made the note of a deadline name one.
 */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("delete deletes its own key where the merge function reads other maps", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  const other = db.map<number>("other");
  const sums = db.map<number>("sums", { merge: (a, b) => a + b + (other.get("zzzzz") ?? 0) });
  sums.put("zzzzz", 1);
  sums.merge("k-one", 1);
  sums.merge("k-one", 2);
  expect(sums.delete("k-one")).toBe(true);
  expect([sums.has("k-one"), sums.has("zzzzz")]).toEqual([false, true]);
  db.close();
});

it("the note of a deadline is that of the key where the codec reads other maps", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  const other = db.map<number>("other");
  const value = {
    encode: (each: number) => {
      other.get("another key");
      return new Uint8Array(new Float64Array([each]).buffer);
    },
    decode: (bytes: Uint8Array) => new Float64Array(bytes.slice().buffer)[0]!,
  };
  db.map("numbers", { value }).put("the key", Number.NaN, { ttl: 60_000 });
  await simulated.done(db.checkpoint());
  await expect(simulated.done(db.check())).resolves.toBeDefined();
  db.close();
});
