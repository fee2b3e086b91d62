/** A feed without `since` began where the log was when its first item was asked for, and not where it was made. */
import { expect, it } from "vitest";
import { open } from "../../src/index.ts";

it("a feed begins with the commit after the call that made it", async () => {
  using db = open(":memory:");
  const map = db.map("m");
  map.put("before", 1);
  const feed = db.changes();
  map.put("after", 2);
  const first = await feed.next();
  expect(first.value).toMatchObject({ commit: db.lastCommit, changes: [{ key: "after" }] });
  await feed.return();
});

it("names that are none are INVALID", async () => {
  using db = open(":memory:");
  for (const of of [5, ["m", 5], {}] as unknown as string[]) {
    await expect(db.changes({ of }).next()).rejects.toMatchObject({ code: "INVALID" });
  }
});
