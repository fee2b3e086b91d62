/**
 * Who waits for a checkpoint is told when none will come: the database was closed, the handle poisoned by somebody
 * else's meta page, or the signal fired while a bulk load held checkpoints back. They waited for ever.
 */
import { expect, it } from "vitest";
import { DbError } from "../../src/index.ts";
import type { Database } from "../../src/mvcc/index.ts";
import { Simulated } from "./simulated.ts";

/** A load that holds checkpoints back until it is let go. */
async function heldLoad(db: Database): Promise<{ end: () => void; loaded: Promise<unknown> }> {
  let end = () => {};
  const gate = new Promise<void>((resolve) => {
    end = resolve;
  });
  async function* entries(): AsyncGenerator<[string, number]> {
    yield ["a", 1];
    await gate;
    yield ["b", 2];
  }
  const loaded = db.map<number>("loaded").load(entries());
  loaded.catch(() => {});
  return { end, loaded };
}

it("two that compact while a load runs are told that the database was closed", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  const load = await heldLoad(db);
  await simulated.run(2000);
  const compacted = [db.compact(), db.compact()];
  await simulated.run();
  db.close();
  for (const promise of compacted) {
    await expect(promise).rejects.toMatchObject({ code: "CLOSED" });
  }
  load.end();
  await expect(load.loaded).rejects.toMatchObject({ code: "CLOSED" });
});

it("one that compacts while a load runs ends with its signal, and another goes on", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  const load = await heldLoad(db);
  await simulated.run(2000);
  const controller = new AbortController();
  const { signal } = controller;
  const compacted = [db.compact({ signal }), db.compact({ signal })];
  const other = db.compact();
  await simulated.run();
  controller.abort(new Error("enough"));
  for (const promise of compacted) {
    await expect(promise).rejects.toThrow("enough");
  }
  load.end();
  await simulated.run();
  await load.loaded;
  await simulated.run();
  await other;
});

it("one that waits beside a load whose meta page fails is told so", async () => {
  let poisoned = 0;
  for (let failAt = 50; failAt < 95; failAt++) {
    const simulated = new Simulated();
    try {
      const { db } = simulated.open({}, { failAt });
      const load = await heldLoad(db);
      await simulated.run(2000);
      db.map<number>("other").put("key", 1);
      const waiting = [db.checkpoint(), db.compact(), load.loaded];
      const settled = Promise.allSettled(waiting);
      await simulated.run();
      load.end();
      for (let turn = 0; turn < 4; turn++) {
        await simulated.run(2000);
      }
      const results = await settled;
      poisoned += results.every(({ status }) => status === "rejected") ? 1 : 0;
    } catch (error) {
      expect(error).toBeInstanceOf(DbError);
    }
  }
  expect(poisoned).toBeGreaterThan(0);
});
