/** The command line of the fuzzers: a mistake in it must not look like a run that found nothing. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const main = join(import.meta.dirname, "../../fuzz/main.js");

function fuzz(...words: readonly string[]): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, [main, ...words], { encoding: "utf8" });
}

describe("npm run fuzz", () => {
  it.each([
    [["--only", "mvcc,blom"], 'there is no fuzzer "blom"; there are mvcc, api, wal'],
    [["--only", ""], 'there is no fuzzer ""'],
    [["--backend", "disk"], "--backend is of pread, mmap, memory, all"],
    [["--only", "mvcc", "--keep", "x"], "--keep as 0-1,7"],
    [["--seed", "x"], "--seed is a number, not x"],
  ])("refuses %j", (words, message) => {
    const { status, stderr } = fuzz(...words);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });

  it("runs those that are named", () => {
    expect(fuzz("--only", "bloom,wal", "--backend", "memory", "--seed", "1", "--rounds", "1")).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/wal 1 {2}bloom 1 {2}nothing found/),
    });
  });
});
