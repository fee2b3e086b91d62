import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { databases } from "../../src/cli/databases.ts";
import { fakeDatabases } from "./fake-database.ts";
import { replay } from "./transcript.ts";

/** Transcripts of what the shell does around statements, whatever runs them. */
const ON_A_FAKE = ["import.txt", "shell.txt", "usage.txt"];
const directory = join(import.meta.dirname, "../../../test/scripts/cli");

describe("transcripts", () => {
  for (const name of readdirSync(directory)) {
    it(name, async () => {
      const path = join(directory, name);
      const transcript = readFileSync(path, "utf8");
      const replayed = await replay(transcript, ON_A_FAKE.includes(name) ? fakeDatabases() : databases);
      if (process.env.UPDATE === "1") {
        writeFileSync(path, replayed);
      }
      expect(replayed).toBe(transcript);
    });
  }
});
