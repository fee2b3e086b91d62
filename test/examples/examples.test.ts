/** The programs in examples/ run as their README says, and print what they are there to show. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { checkoutRoot } from "../support/source-tree.ts";

const examples = join(checkoutRoot(), "examples");

/** What a program prints; rejects where it fails. */
async function run(name: string): Promise<string[]> {
  const program = join(import.meta.dirname, "../../examples", `${name}.js`);
  const { stdout } = await promisify(execFile)(process.execPath, [program]);
  return stdout.trimEnd().split("\n");
}

describe.concurrent("examples", () => {
  test("sessions end by themselves, those renewed later than the others", async ({ expect }) => {
    expect(await run("sessions")).toEqual([
      "2 sessions",
      "ada comes again: visit 2",
      "bob stayed away: gone",
      "ada: still there",
      "all gone: 0 entries left, ada must log in",
    ]);
  });

  test("the job queue does every job once, a dead worker's too", async ({ expect }) => {
    const lines = await run("job-queue");
    const done = lines.filter((line) => line.includes("squared")).map((line) => line.replace(/ \(\w+\)$/, ""));
    expect(lines[0]).toMatch(/^cleo dies with job \d+$/);
    expect(done).toEqual(Array.from({ length: 12 }, (_, i) => `${i + 1} squared is ${(i + 1) ** 2}`));
    expect(lines).toContain("12 jobs done, 13 leases, 0 jobs left");
  });

  test("the leaderboard ranks by points, then by name", async ({ expect }) => {
    const scores = Array.from({ length: 20_000 }, (_, i) => (i * 7919) % 99_991);
    const rank = 1 + scores.filter((score) => score > scores[42]!).length;
    expect(await run("leaderboard")).toEqual([
      "20000 players",
      "1. player 06427, 99985 points",
      "2. player 12854, 99979 points",
      "3. player 19281, 99973 points",
      `player 00042 is number ${rank}`,
      "player 00042 wins 95000 points and is number 1",
      "last of all: player 00000",
    ]);
  });

  test("orders take from the stock and are rows, or neither", async ({ expect }) => {
    expect(await run("orders")).toEqual([
      "order 1: 2 × tea, 1 × cup",
      "order 2: 1 × cup",
      "no order for grace: there are 0 × cup, not 1",
      "stock: cup 0, tea 8",
      "ada 16.5",
      "grace 8.5",
      "feed: order 1 of ada, order 2 of grace",
    ]);
  });

  test("the word index follows the notes across a restart", async ({ expect }) => {
    expect(await run("word-index")).toEqual([
      "the follower begins after commit 0",
      "commit 2 is in the index",
      "commit 3 is in the index",
      "wine: monday, tuesday",
      "the follower begins after commit 3",
      "commit 4 is in the index",
      "commit 5 is in the index",
      "wine: tuesday, wednesday",
    ]);
  });

  test("the hot backup holds what was committed before it", async ({ expect }) => {
    expect(await run("hot-backup")).toEqual([
      "backup of commit 2 done; progress was told as it went",
      "written meanwhile: yes; in the database now: true",
      expect.stringMatching(/^restored: 30000 events; \d+ trees were checked and found in order$/),
      "its last commit is the backup's: true",
    ]);
  });

  test("the shelf of books does what it did on LevelDB, and lends across levels", async ({ expect }) => {
    expect(await run("level")).toEqual([
      "Shelley: Frankenstein, The Last Man",
      "0-14-044926-2: Frankenstein, 1818",
      "0-14-043478-8: Villette, 1853",
      "in the snapshot: Villette, now: undefined",
      "Ada has a book, and does not get The Last Man",
      "lent: 0-14-044926-2; to Ada: 1",
    ]);
  });

  test("the ledger does what it did on better-sqlite3", async ({ expect }) => {
    expect(await run("sqlite")).toEqual([
      "2026-03-02: SQLITE_CONSTRAINT_CHECK: CHECK constraint failed: cents >= 0",
      "Ada has 70.00 €",
      "Grace has 130.00 €",
      "spread: 60.00 €",
      "[ [ '2026-01', 1 ], [ '2026-02', 0 ], [ '2026-03', 1 ] ]",
    ]);
  });
});

test("the README lists every example", () => {
  const listed = readFileSync(join(examples, "README.md"), "utf8");
  const programs = readdirSync(examples).filter((name) => name.endsWith(".ts"));
  expect(programs.filter((name) => !listed.includes(`(${name})`))).toEqual([]);
});
