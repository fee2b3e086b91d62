/**
 * While a closing database waited for the checkpoint that ran, another could begin for what had been frozen meanwhile:
 * it and the last one of the close then wrote different things to the same pages.
 */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("a database that is closed with a checkpoint running and two waiting opens again", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  const map = db.map<string>("texts");
  const large = db.map<string>("large");
  for (let i = 0; i < 60; i++) {
    large.put(`key ${i}`, "x".repeat(9000));
  }
  await simulated.run(2000);
  for (let i = 0; i < 60; i += i % 7 === 0 ? 1 : 2) {
    large.delete(`key ${i}`);
  }
  const fill = (segments: number, text: string) => {
    for (let i = 0; i < segments * 15; i++) {
      map.put(`key ${i % 40}`, text.repeat(1000));
    }
  };
  fill(1, "a");
  const waiting = db.checkpoint().catch(() => {});
  fill(2, "b");
  db.close();
  await waiting;
  const { db: again } = simulated.open();
  const report = await again.check();
  expect(again.map("texts").count()).toBe(30);
  expect([...again.map("texts").range().values()].every((value) => value === "b".repeat(1000))).toBe(true);
  expect(report.commit).toBe(again.lastCommit);
});
