/** A transaction that wrote to a map which somebody dropped meanwhile was told that it had committed. */
import { expect, it } from "vitest";
import { Simulated } from "./simulated.ts";

it("a commit into a map that was dropped is a conflict", async () => {
  const { db } = new Simulated().open();
  db.map("orders").put("a", 1);
  db.map("audit").put("a", 1);
  const writer = db.begin();
  writer.map("orders").put("b", 2);
  const reader = db.begin({ isolation: "serializable" });
  reader.map("orders").get("a");
  reader.map("audit").put("b", 2);
  db.drop("orders");
  await expect(writer.commit()).rejects.toMatchObject({ code: "CONFLICT" });
  await expect(reader.commit()).rejects.toMatchObject({ code: "CONFLICT" });
});
