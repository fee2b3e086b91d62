/** Of an entry that ended within the first millisecond of 1970 the note was deleted, and the entry never. */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("entries that ended long ago are deleted, however long", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open();
  const map = db.map("rows");
  map.put("a", 1, { expiresAt: 1 });
  map.put("b", 1, { expiresAt: 0.5 });
  await simulated.run(2000);
  await simulated.done(db.checkpoint());
  await simulated.done(db.check());
  expect([map.get("a"), map.get("b"), map.count()]).toEqual([undefined, undefined, 0]);
  db.close();
});
