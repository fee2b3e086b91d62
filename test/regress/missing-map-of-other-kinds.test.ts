/** A map that a snapshot or a read-only database does not have was INVALID where its kinds were other than the default. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { open } from "../../src/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

it("is empty, whatever its kinds", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "db");
  const db = open(path);
  using before = db.snapshot();
  db.map("later", { key: "bytes", value: "bytes" }).put(new Uint8Array([1]), new Uint8Array([2]));
  expect(before.map("later", { key: "bytes", value: "bytes" }).get(new Uint8Array([1]))).toBeUndefined();
  db.close();
  using reader = open(path, { readOnly: true });
  expect(reader.map("missing", { key: "number", value: "string" }).count()).toBe(0);
});
