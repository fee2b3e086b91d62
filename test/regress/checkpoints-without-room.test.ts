/**
 * A checkpoint that was asked for seals the log segment. With three sealed ones waiting it waited, as a writer has to, in
 * place: the event loop stood still for a whole job. And beside a bulk load, when no job runs, it was FULL.
 */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("many checkpoints that are asked for at once run beside the application", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  const map = db.map<number>("m");
  const asked: Promise<void>[] = [];
  for (let i = 0; i < 8; i++) {
    map.put("key", i);
    asked.push(db.checkpoint());
  }
  expect(db.stats()).toMatchObject({ checkpoints: 0, commit: 9 });
  for (let turn = 0; turn < 8; turn++) {
    await simulated.run(2000);
  }
  await Promise.all(asked);
  expect(db.stats()).toMatchObject({ segments: 1 });
});

it("beside a bulk load they wait for its end, and writers have their room", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  const map = db.map<string>("m");
  let end = () => {};
  const gate = new Promise<void>((resolve) => {
    end = resolve;
  });
  async function* entries(): AsyncGenerator<[string, number]> {
    await gate;
    yield ["a", 1];
  }
  const loaded = db.map<number>("loaded").load(entries());
  await simulated.run(2000);
  const asked: Promise<unknown>[] = [];
  for (let i = 0; i < 8; i++) {
    map.put("key", String(i));
    asked.push(db.checkpoint(), db.compact());
    await simulated.run();
  }
  const given = new AbortController();
  const aborted = expect(db.checkpoint({ signal: given.signal })).rejects.toThrow("enough");
  given.abort(new Error("enough"));
  await aborted;
  for (let i = 0; i < 30; i++) {
    map.put(`key ${i}`, "x".repeat(1000));
  }
  end();
  for (let turn = 0; turn < 12; turn++) {
    await simulated.run(2000);
  }
  await Promise.all([loaded, ...asked]);
  await db.check();
});
