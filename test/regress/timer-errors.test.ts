/** What a timer throws ends the process: errors of the disk are kept for the next call that somebody can catch. */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("entries that expire on a full disk wait until there is room", async () => {
  const simulated = new Simulated();
  const { db, disk } = simulated.open({}, { capacityBytes: 100_000 });
  const map = db.map<string>("sessions");
  map.put("gone soon", "x", { ttl: 10 });
  for (const length of [1000, 1]) {
    expect(() => {
      for (let i = 0; ; i++) {
        map.put(`key ${i}`, "x".repeat(length));
      }
    }).toThrow(expect.objectContaining({ code: "FULL" }));
  }
  await simulated.run(5000);
  disk.heal();
  await simulated.run(5000);
  expect(map.has("gone soon")).toBe(false);
  map.put("room", "again");
  expect(map.get("room")).toBe("again");
});

it("a checkpoint that is on disk and cannot be taken over poisons the handle", async () => {
  const findings: string[] = [];
  for (let failAt = 20; failAt < 90; failAt++) {
    const simulated = new Simulated();
    try {
      const { db } = simulated.open({}, { failAt });
      const map = db.map<number>("numbers");
      for (let i = 0; i < 40; i++) {
        map.put(`key ${i}`, i);
      }
      const drained = db.checkpoint().catch(() => {});
      await simulated.run().catch((error) => findings.push(`a timer threw ${error}`));
      await drained;
      map.put("after", 1);
    } catch (error) {
      findings.push((error as { code?: string }).code ?? String(error));
    }
    simulated.abandon();
    const { db: again } = simulated.open();
    const count = again.map("numbers").count();
    await again.check();
    findings.push(...(count <= 41 ? [] : [`${count} entries`]));
  }
  expect(findings.filter((finding) => finding !== "IO" && finding !== "POISONED")).toEqual([]);
  expect(findings).toContain("POISONED");
});
