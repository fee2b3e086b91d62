/** A transaction died at its write to the 128th map: the index of its writes had room for 127, and did not grow. */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("a transaction writes to a thousand maps", async () => {
  const simulated = new Simulated();
  const { db } = simulated.open({ segmentBytes: 1 << 20 });
  const names = Array.from({ length: 1000 }, (_, i) => `map ${i}`);
  for (const name of names) {
    db.map(name);
  }
  await simulated.done(
    db.transaction((tx) => {
      for (const name of names) {
        tx.map(name).put("key", name);
      }
      tx.map(names[3]!).delete("key");
    }),
  );
  expect(names.filter((name) => db.map(name).get("key") !== name)).toEqual([names[3]]);
  db.close();
});
