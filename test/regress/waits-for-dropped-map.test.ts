/** Who waited for a change of a map that was then dropped waited for ever: no commit touches such a map any more. */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("who waits for a map is told when it is dropped", async () => {
  const { db } = new Simulated().open();
  const map = db.map<string>("jobs");
  const others = db.map<string>("others");
  const told = map.nextChange().catch((error: { code: string }) => error.code);
  const other = others.nextChange();
  db.drop("jobs");
  expect(await told).toBe("INVALID");
  db.map("jobs").put("a", 1);
  others.put("a", "1");
  expect(await other).toBe(db.lastCommit);
  db.close();
});
