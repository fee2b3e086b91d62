/**
 * "Every 32nd merge of a key puts its value" held neither for transactions, nor for operands of a function of the
 * application's that came to lie in pages: both piled up without end, and each read combined all of them.
 */
import { describe, expect, it } from "vitest";
import { OP_KIND_PUT, opKeyspace, opKind } from "../../src/wal/index.ts";
import { Simulated } from "./simulated.ts";

/** Between two looks at an entry there are a few dozen merges; with chance in it, rarely more. */
const MOST_CALLS = 200;

let calls = 0;
const sum = (older: number, newer: number) => {
  calls++;
  return older + newer;
};

describe.each(["btree", "lsm"] as const)("on %s", (engine) => {
  it("merges of transactions do not pile up", async () => {
    const { db } = new Simulated().open({ segmentBytes: 1 << 20 });
    const map = db.map<number>("sums", { engine, merge: sum });
    const counters = db.map<number>("counters", { engine, merge: "counter" });
    const { id } = db.store.catalog.find("counters")!;
    let puts = 0;
    db.store.watch((_, writer) =>
      writer.forEachOp(({ u32 }, op) => {
        puts += opKind(u32, op) === OP_KIND_PUT && opKeyspace(u32, op) === id ? 1 : 0;
      }),
    );
    for (let i = 0; i < 500; i++) {
      const tx = db.begin();
      tx.map<number>("sums").merge("key", 1);
      tx.map<number>("sums").merge("key", 1);
      tx.map<number>("counters").merge("key", 1);
      await tx.commit();
    }
    calls = 0;
    expect([map.get("key"), counters.get("key")]).toEqual([1000, 500]);
    expect(calls).toBeLessThan(MOST_CALLS);
    expect(puts).toBe(15);
    db.close();
  });

  it("operands in pages do not pile up", async () => {
    const simulated = new Simulated();
    const { db } = simulated.open();
    const map = db.map<number>("sums", { engine, merge: sum });
    for (let round = 0; round < 60; round++) {
      for (let i = 0; i < 20; i++) {
        map.merge("key", 1);
      }
      await simulated.done(db.checkpoint());
    }
    calls = 0;
    expect(map.get("key")).toBe(1200);
    expect(calls).toBeLessThan(MOST_CALLS);
    await simulated.done(db.check());
    db.close();
  });
});
