/** A commit of several changes woke who waited for them in the order of the changes, not of the waiting. */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("one commit wakes who waited first first, whichever key was written first", async () => {
  const { db } = new Simulated().open();
  const [a, b] = [db.map<number>("a"), db.map<number>("b")];
  const woken: string[] = [];
  const waits = [
    a.nextChange({ gte: "2", lte: "2" }).then(() => woken.push("a 2")),
    a.nextChange({ gte: "1", lte: "1" }).then(() => woken.push("a 1")),
    b.nextChange().then(() => woken.push("b")),
    a.nextChange().then(() => woken.push("a")),
  ];
  db.write((tx) => {
    tx.map<number>("b").put("x", 1);
    tx.map<number>("a").put("1", 1);
    tx.map<number>("a").put("2", 2);
  });
  await Promise.all(waits);
  expect(woken).toEqual(["a 2", "a 1", "b", "a"]);
  db.close();
});
