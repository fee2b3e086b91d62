/**
 * A loop in a transaction that had deleted a range left out the entry behind it, where the transaction's writes had to be
 * moved to more memory just before: the loop took up its place where it had skipped to, and went on behind that.
 */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

const KEYS = Array.from({ length: 30 }, (_, i) => `key ${String(i).padStart(2, "0")}`);

it.each(["btree", "lsm"] as const)("a loop goes on behind a range that was deleted, on %s", async (engine) => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  db.write((tx) => {
    for (const key of KEYS) {
      tx.map("numbers", { engine }).put(key, 1);
    }
  });
  await simulated.done(db.checkpoint());
  for (const reverse of [false, true]) {
    const tx = db.begin();
    const map = tx.map("numbers");
    map.deleteRange({ gte: "key 10", lt: "key 20" });
    const seen: string[] = [];
    for (const key of map.range({ reverse }).keys()) {
      seen.push(key);
      if (key === (reverse ? "key 20" : "key 09")) {
        tx.map("others").put("long", "x".repeat(30_000));
      }
    }
    tx.rollback();
    const left = KEYS.filter((key) => key < "key 10" || key >= "key 20");
    expect(seen).toEqual(reverse ? left.reverse() : left);
  }
  db.close();
});
