/** Who passed an async callback to db.write was told so, and then the rest of the callback ended the process. */
import { expect, it } from "vitest";
import { open } from "../../src/index.ts";

it("what an async callback of db.write does after its first await bothers nobody", async () => {
  using db = open(":memory:");
  db.map("m");
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on("unhandledRejection", note);
  let wentOn = false;
  const write = () =>
    db.write(async (tx) => {
      tx.map("m").put("a", 1);
      await Promise.resolve();
      wentOn = true;
      tx.map("m").put("b", 2);
    });
  expect(write).toThrow(expect.objectContaining({ code: "INVALID" }));
  await new Promise((resolve) => setTimeout(resolve, 10));
  process.off("unhandledRejection", note);
  expect([wentOn, unhandled, db.map("m").count()]).toEqual([true, [], 0]);
});
