import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runNacre } from "../../src/cli/main.ts";
import { DbError } from "../../src/errors.ts";
import { type Capture, capture } from "./capture.ts";
import { fakeDatabases } from "./fake-database.ts";

const directory = mkdtempSync(join(tmpdir(), "nacre-shell-"));
afterAll(() => rmSync(directory, { recursive: true }));

async function until(isReached: () => boolean): Promise<void> {
  while (!isReached()) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Types each line when the prompt for it has come. */
async function typed(terminal: Capture, lines: readonly string[]): Promise<void> {
  let from = 0;
  for (const line of lines) {
    await until(() => /(?:nacre|\.\.\.|'\.\.)> [^\n]*$/.test(terminal.output().slice(from)));
    from = terminal.output().length;
    terminal.type(line);
  }
}

describe("a person at the shell", () => {
  it("is asked for the rest of a statement, told of mistakes, and goes on", async () => {
    const terminal = capture({ columns: 80, hasKeyboard: true, variables: { NO_COLOR: "1" } });
    const done = runNacre(["shell", "app"], terminal, fakeDatabases());
    await typed(terminal, [
      "create table t (a,\n",
      "b);\n",
      "nonsense;\n",
      ".tables\n",
      "select series(2);\n",
      ".quit\n",
    ]);
    expect(await done).toBe(0);
    expect(terminal.errors()).toBe("error: this is no SQL: nonsense\n");
    expect(terminal.output()).toContain("   ...> ");
    expect(terminal.output()).toMatch(/\nok\n[\s\S]*\nt\n[\s\S]*│ {5}2 │\n└───────┘\n2 rows\n/);
  });

  it("forgets a statement with Ctrl-C and leaves with Ctrl-D", async () => {
    const terminal = capture({ columns: 80, hasKeyboard: true, variables: { NO_COLOR: "1" } });
    const done = runNacre(["shell", "app"], terminal, fakeDatabases());
    await typed(terminal, ["select 'open\n", "\u0003", "select series(1);\n", "\u0004"]);
    expect(await done).toBe(0);
    expect(terminal.errors()).toBe("");
    expect(terminal.output()).toContain("^C\n");
    expect(terminal.output()).toContain("1 row\n");
  });
});

describe("Ctrl-C", () => {
  it("stops rows that are being printed", async () => {
    const pipe = capture({ tickMs: 30 });
    const done = runNacre(["shell", "--csv", "app", "select series(100000000)"], pipe, fakeDatabases());
    await until(() => pipe.output().length > 0);
    expect(pipe.interrupt()).toBe(true);
    expect(await done).toBe(130);
    expect(pipe.errors()).toBe("nacre: interrupted\n");
    expect(pipe.interrupt()).toBe(false);
  });

  it("stops an import between two commits and says what is there", async () => {
    const file = join(directory, "numbers.csv");
    writeFileSync(file, `n\n${"1\n".repeat(1000)}`);
    const pipe = capture();
    const databases = fakeDatabases({ onCommit: (commit) => void (commit === 3 && pipe.interrupt()) });
    expect(await runNacre(["shell", "app", `.import --batch 100 ${file} t`], pipe, databases)).toBe(130);
    expect(pipe.errors()).toBe("nacre: interrupted; the 300 rows before it are in t\n");
    const after = capture();
    await runNacre(["shell", "--csv", "app", "select * from t"], after, databases);
    expect(after.output().split("\n").length).toBe(302);
  });
});

describe("a failure during an import", () => {
  it("says how many rows are in the table", async () => {
    const file = join(directory, "disk.csv");
    writeFileSync(file, `n\n${"1\n".repeat(1000)}`);
    const pipe = capture();
    const databases = fakeDatabases({
      onCommit(commit) {
        if (commit === 2) {
          throw new DbError("FULL", "the disk is full");
        }
      },
    });
    expect(await runNacre(["shell", "app", `.import --batch 400 ${file} t`], pipe, databases)).toBe(1);
    expect(pipe.errors()).toBe("nacre: the disk is full; the 400 rows before it are in t\n");
  });

  it("names damage with an exit code of its own", async () => {
    const databases = fakeDatabases({
      onCommit() {
        throw new DbError("CORRUPT", "page 7 of pages.000 does not have the checksum that it says");
      },
    });
    const file = join(directory, "one.csv");
    writeFileSync(file, "n\n1\n");
    const pipe = capture();
    expect(await runNacre(["shell", "app", `.import ${file} t`], pipe, databases)).toBe(3);
    expect(pipe.errors()).toContain("nacre check DIR");
  });
});

describe("a reader that goes away", () => {
  it("ends the command quietly", async () => {
    const pipe = capture({ readerLeavesAfter: 100_000, tickMs: 30 });
    expect(await runNacre(["shell", "--csv", "app", "select series(100000000)"], pipe, fakeDatabases())).toBe(0);
    expect(pipe.errors()).toBe("");
    expect(pipe.output().length).toBeLessThan(400_000);
  });
});
