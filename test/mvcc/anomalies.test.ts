import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkoutRoot } from "../support/source-tree.ts";
import { replay } from "./anomaly-script.ts";

const directory = join(checkoutRoot(), "test/scripts/mvcc");

describe("what transactions see of each other", () => {
  it.each(readdirSync(directory))("%s", async (name) => {
    const path = join(directory, name);
    const script = readFileSync(path, "utf8");
    const replayed = await replay(script);
    if (process.env.UPDATE === "1") {
      writeFileSync(path, replayed);
    }
    expect(replayed).toBe(script);
  });
});
