/** A put with a deadline writes two operations, the entry and its note: where the second had no room, the first stayed. */
import { expect, test } from "vitest";
import { DbError, open } from "../../src/index.ts";

test("a put whose note has no room leaves nothing behind", async () => {
  using db = open(":memory:", { maxTransactionBytes: 64 * 1024 });
  const map = db.map("entries", { key: "string", value: "string" });
  for (let valueBytes = 0; valueBytes < 2000; valueBytes += 100) {
    const transaction = db.begin();
    const inside = transaction.map("entries", { key: "string", value: "string" });
    const written: string[] = [];
    const putUntilFull = () => {
      for (let i = 0; ; i++) {
        const key = `${valueBytes}/${i}/`.padEnd(1900, "k");
        inside.put(key, "v".repeat(valueBytes), { ttl: 3_600_000 });
        written.push(key);
      }
    };
    expect(putUntilFull).toThrow(DbError);
    await transaction.commit();
    expect([...map.range({ prefix: `${valueBytes}/` }).keys()].sort()).toEqual(written.sort());
  }
  await db.check();
});
