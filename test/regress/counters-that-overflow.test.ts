/** The sum of two large numbers was Infinity, which JSON writes as null: the counter's value was gone. */
import { describe, expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

describe.each(["btree", "lsm"] as const)("on %s", (engine) => {
  it("a counter stays at the largest number", async () => {
    const simulated = new Simulated();
    const { db } = simulated.open();
    const map = db.map<number>("counters", { merge: "counter", engine });
    for (const sign of [1, -1]) {
      map.put("key", sign * 1e308);
      map.merge("key", sign * 1e308);
      expect(map.get("key")).toBe(sign * Number.MAX_VALUE);
      await simulated.done(db.checkpoint());
      expect(map.get("key")).toBe(sign * Number.MAX_VALUE);
      map.merge("key", sign);
      expect(map.get("key")).toBe(sign * Number.MAX_VALUE);
    }
    db.close();
  });
});
