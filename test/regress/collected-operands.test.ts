/**
 * Operands of a merge function that a checkpoint does not have are collected, and may have a value below them. What was
 * older than that value came back: in a B+tree's checkpoint, and where runs were merged.
 */
import { describe, expect, it } from "vitest";
import type { DbMap } from "../../src/mvcc/index.ts";
import { Simulated } from "./simulated.ts";

const concat = (older: string, newer: string) => older + newer;

describe.each(["btree", "lsm"] as const)("on %s", (engine) => {
  it("a value that was put hides the operands before it", async () => {
    const simulated = new Simulated();
    const { db } = simulated.open();
    const map = db.map("texts", { value: "string", merge: concat, engine });
    for (const text of ["a", "b", "c"]) {
      map.put("key", text);
      map.merge("key", `${text}1`);
      map.merge("key", `${text}2`);
      map.put(`other ${text}`, text);
      await simulated.done(db.checkpoint());
      expect(map.get("key")).toBe(`${text}${text}1${text}2`);
    }
    await simulated.done(db.store.checkpointer.tidy());
    expect(all(map)).toEqual(["cc1c2", "a", "b", "c"]);
    await simulated.done(db.check());
    db.close();
  });
});

function all(map: DbMap<string, string>): string[] {
  return map
    .range()
    .toArray()
    .map(([, value]) => value);
}
