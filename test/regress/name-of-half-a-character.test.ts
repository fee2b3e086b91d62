/** A map's name was stored as UTF-8 that spelt another name: the second map of that name took the place of the first. */
import { expect, it } from "vitest";
import { open } from "../../src/index.ts";

it("a name that UTF-8 cannot hold is INVALID, and no map is lost", () => {
  using db = open(":memory:");
  db.map("\ufffd").put("a", 1);
  const refused = expect.objectContaining({ code: "INVALID" });
  expect(() => db.map("\ud800")).toThrow(refused);
  expect(() => db.write((tx) => tx.map("\udc00"))).toThrow(refused);
  expect(() => db.begin().map("a\ud800")).toThrow(refused);
  expect(db.maps()).toEqual(["\ufffd"]);
  expect(db.map("\ufffd").get("a")).toBe(1);
  expect(db.map("\u{1f600}").name).toBe("\u{1f600}");
});
