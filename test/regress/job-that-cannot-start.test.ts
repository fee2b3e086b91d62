/** Where a job could not even be started, no thread being had for it, the next writer waited for it without end. */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("writers and checkpoints are told of a job that cannot be started, and go on when one can", async () => {
  let mayStart = false;
  const { db } = new Simulated(() => {
    if (!mayStart) {
      throw new Error("no thread");
    }
  }).open();
  const map = db.map<string>("rows");
  let written = 0;
  const fill = (rows: number) => {
    for (let i = 0; i < rows; i++, written++) {
      map.put(`row ${written}`, "x".repeat(1000));
    }
  };
  expect(() => fill(200)).toThrow("no thread");
  await expect(db.checkpoint()).rejects.toThrow("no thread");
  mayStart = true;
  fill(200);
  expect(map.count()).toBe(written);
  db.close();
});
