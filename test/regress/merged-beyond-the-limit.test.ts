/** Appended operands made values longer than values may be: a B+tree with one was damaged to whoever checked it. */
import { describe, expect, it } from "vitest";
import { MAX_VALUE_BYTES } from "../../src/mvcc/index.ts";
import { Simulated } from "./simulated.ts";

const TOO_LONG = expect.objectContaining({
  code: "INVALID",
  facts: expect.objectContaining({ limit: MAX_VALUE_BYTES }),
});

describe.each(["btree", "lsm"] as const)("on %s", (engine) => {
  it("what comes to more than a value may have is kept, and cannot be read", { timeout: 120_000 }, async () => {
    const simulated = new Simulated();
    const { db } = simulated.open({ checkpointStepsPerTurn: 1 << 20 });
    const map = db.map("bytes", { engine, value: "bytes", merge: "append" });
    map.put("key", new Uint8Array(MAX_VALUE_BYTES - 10));
    expect(() => map.merge("key", new Uint8Array(1 << 20))).toThrow(TOO_LONG);
    const tx = db.begin();
    tx.map("bytes", { value: "bytes" }).merge("key", new Uint8Array(1 << 20));
    await expect(tx.commit()).rejects.toThrow(TOO_LONG);
    map.merge("key", new Uint8Array(10));
    expect(map.get("key")?.length).toBe(MAX_VALUE_BYTES);
    await simulated.done(db.checkpoint());
    map.merge("key", new Uint8Array(1));
    expect(() => map.get("key")).toThrow(TOO_LONG);
    await simulated.done(db.checkpoint());
    expect(() => map.get("key")).toThrow(TOO_LONG);
    await simulated.done(db.store.checkpointer.tidy());
    expect(() => map.get("key")).toThrow(TOO_LONG);
    await simulated.done(db.check());
    map.put("key", new Uint8Array(1));
    map.merge("key", new Uint8Array(1));
    expect(map.get("key")?.length).toBe(2);
    await simulated.done(db.checkpoint());
    await simulated.done(db.check());
    db.close();
  });
});
