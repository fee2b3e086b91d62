/**
 * A scan that was opened anew in the middle, since its transaction wrote, went on behind the current key and a byte that an
 * earlier, longer one had left there: what lies between was passed over.
 */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("a scan beside its own writes passes over nothing behind a short key", async () => {
  const { db } = new Simulated().open();
  const keys = ["aaaa", "b", "b0", "b1", "c"];
  for (const key of keys) {
    db.map("rows").put(key, 1);
  }
  await db.transaction((tx) => {
    const seen: string[] = [];
    let size = 100_000;
    for (const [key] of tx.map("rows").range()) {
      seen.push(key);
      // The memory of the transaction's writes doubles, and moves.
      tx.map("other").put(key, "x".repeat(size));
      size *= 2;
    }
    expect(seen).toEqual(keys);
  });
  db.close();
});
