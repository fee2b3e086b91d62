/** Who waited for a change of a map that was then dropped waited for ever. */
import { expect, it } from "vitest";
import { open } from "../../src/index.ts";

it("dropping a map wakes who waits for it", async () => {
  using db = open(":memory:");
  const map = db.map<number>("jobs");
  const other = db.map<number>("others");
  map.put("a", 1);
  const woken = Promise.all([map.nextChange(), map.nextChange({ gte: "x" })]);
  const rolledBack = db.begin().map("made").nextChange();
  const waiting = other.nextChange();
  db.drop("jobs");
  const commit = db.lastCommit;
  expect(await woken).toEqual([commit, commit]);
  await expect(map.nextChange()).rejects.toMatchObject({ code: "INVALID" });
  other.put("b", 2);
  expect(await waiting).toBe(db.lastCommit);
  db.drop("made");
  expect(await rolledBack).toBe(db.lastCommit);
});
