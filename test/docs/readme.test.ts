/**
 * The code in README.md runs, and prints what the page says: a comment `// → text` for each line.
 *
 * A js block is a program of its own. All ts blocks together are one, which is compiled first, strictly. The console blocks
 * are one session in a shell; durations and sizes in it may differ.
 */
import { execFileSync, execSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkoutRoot } from "../support/source-tree.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const root = checkoutRoot();
const readme = readFileSync(join(root, "README.md"), "utf8");

function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map((match) => match[1]!);
}

function promised(code: string): string[] {
  return [...code.matchAll(/\/\/ → (.*)$/gm)].map((match) => match[1]!);
}

/** Runs a program in an empty folder in which nacre is installed; the lines that it prints. */
function run(code: string, language: "js" | "ts"): string[] {
  using directory = temporaryDirectory();
  const folder = directory.path;
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/nacre"), "junction");
  writeFileSync(join(folder, `program.m${language}`), code);
  if (language === "ts") {
    compile(folder);
  }
  const printed = execFileSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" });
  return printed.trimEnd().split("\n");
}

function compile(folder: string): void {
  const typeRoots = join(root, "node_modules/@types");
  const options = ["--strict", "--skipLibCheck", "--target", "es2023", "--module", "nodenext", "--types", "node"];
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  try {
    execFileSync(process.execPath, [compiler, ...options, "--typeRoots", typeRoots, "program.mts"], { cwd: folder });
  } catch (error) {
    throw new Error(`README.md does not compile:\n${(error as { stdout: Buffer }).stdout}`);
  }
}

interface Step {
  readonly command: string;
  readonly output: string;
}

function steps(session: string): Step[] {
  return session.split(/^\$ /m).flatMap((step) => {
    const [command = "", ...output] = step.split("\n");
    return command === "" ? [] : [{ command, output: output.join("\n") }];
  });
}

/** What may differ from run to run, made the same: how long something took, and how much room. */
function withoutMeasures(text: string): string {
  return text.replace(/[\d.]+ m?s\b/g, "N ms").replace(/[\d.,]+( k rows\/s| kB| pages| %)/g, "N$1");
}

function runShell(command: string, folder: string): string {
  const nacre = `"${process.execPath}" "${join(import.meta.dirname, "../../src/cli/main.js")}"`;
  return execSync(command.replaceAll("npx nacre", nacre), { cwd: folder, encoding: "utf8", stdio: "pipe" });
}

describe("README.md", () => {
  test.each(blocks("js").map((code, index) => [index + 1, code] as const))("program %i runs", (_, code) => {
    expect(run(code, "js")).toEqual(promised(code));
  });

  test("the tour compiles and runs", () => {
    const code = blocks("ts").join("\n");
    expect(run(code, "ts")).toEqual(promised(code));
  });

  test("the session in the shell is what it prints", () => {
    using directory = temporaryDirectory();
    copyFileSync(join(root, "node_modules/vega-datasets/data/airports.csv"), join(directory.path, "airports.csv"));
    for (const { command, output } of steps(blocks("console").join(""))) {
      const printed = runShell(command, directory.path);
      expect(withoutMeasures(printed), command).toBe(withoutMeasures(output));
    }
  });

  test("the figures are those of bench/README.md", () => {
    const measured = readFileSync(join(root, "bench/README.md"), "utf8").split("\n");
    const [, table = ""] = readme.split(/<!-- (?:figures|end of figures).* -->\n/);
    const rows = table.trimEnd().split("\n");
    expect(rows.length).toBeGreaterThan(2);
    expect(rows.filter((row) => !measured.some((line) => line.startsWith(row)))).toEqual([]);
  });
});
