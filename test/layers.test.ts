/**
 * The lint rules that keep the layers apart, shown to bite: each breach is planted in an empty tree under the
 * configuration of this checkout, and the linter must name it; each lawful neighbour must pass.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkoutRoot } from "./support/source-tree.ts";
import { withTemporaryDirectory } from "./support/temporary-directory.ts";

const RESTRICTED_IMPORT = "lint/style/noRestrictedImports";
const IMPORT_CYCLE = "lint/suspicious/noImportCycles";
const LONG_FUNCTION = `export function long(): void {\n${"  long();\n".repeat(61)}}`;

/** [path, source, the rule that must fire] */
const BREACHES: readonly (readonly [string, string, string])[] = [
  ["src/errors.ts", 'import "./pager/index.ts";', RESTRICTED_IMPORT],
  ["src/pager/later-layer.ts", 'import "../wal/index.ts";', RESTRICTED_IMPORT],
  ["src/pager/disk-directory.ts", 'import "../btree/index.ts";', RESTRICTED_IMPORT],
  ["src/pager/file-system.ts", 'import "node:fs";', RESTRICTED_IMPORT],
  ["src/wal/promised-file-system.ts", 'import "node:fs/promises";', RESTRICTED_IMPORT],
  ["src/wal/mapping.ts", 'await import("mmap-io");', RESTRICTED_IMPORT],
  ["src/wal/past-the-index.ts", 'import "../pager/page-file.ts";', RESTRICTED_IMPORT],
  ["src/btree/deep/type.ts", 'import type { A } from "../../mvcc/index.ts"; export type B = A;', RESTRICTED_IMPORT],
  ["src/btree/later-layer.ts", 'import "../lsm/index.ts";', RESTRICTED_IMPORT],
  ["src/lsm/later-layer.ts", 'import "../mvcc/index.ts";', RESTRICTED_IMPORT],
  ["src/lsm/past-the-index.ts", 'import "../btree/cursor.ts";', RESTRICTED_IMPORT],
  ["src/mvcc/past-the-index.ts", 'import "../lsm/run.ts";', RESTRICTED_IMPORT],
  ["src/mvcc/re-export.ts", 'export * from "../btree/cursor.ts";', RESTRICTED_IMPORT],
  ["src/mvcc/frontend.ts", 'import "../sql/index.ts";', RESTRICTED_IMPORT],
  ["src/mvcc/timers.ts", 'import "node:timers/promises";', RESTRICTED_IMPORT],
  ["src/sql/runs.ts", 'import "../lsm/index.ts";', RESTRICTED_IMPORT],
  ["src/sql/below-mvcc.ts", 'import "../btree/index.ts";', RESTRICTED_IMPORT],
  ["src/sql/command.ts", 'import "../cli/index.ts";', RESTRICTED_IMPORT],
  ["src/sql/level.ts", 'import "../level/index.ts";', RESTRICTED_IMPORT],
  ["src/level/below-mvcc.ts", 'import "../btree/index.ts";', RESTRICTED_IMPORT],
  ["src/level/past-the-index.ts", 'import "../mvcc/store.ts";', RESTRICTED_IMPORT],
  ["src/level/beside.ts", 'import "../sql/index.ts";', RESTRICTED_IMPORT],
  ["src/level.ts", 'export * from "./level/level.ts";', RESTRICTED_IMPORT],
  ["src/sqlite.ts", 'export * from "./sql/session.ts";', RESTRICTED_IMPORT],
  ["src/sql/sqlite/statement.ts", 'import "node:fs";', RESTRICTED_IMPORT],
  ["src/sql/sqlite/backup.ts", 'import "../../pager/index.ts";', RESTRICTED_IMPORT],
  ["src/cli/below-mvcc.ts", 'import "../pager/index.ts";', RESTRICTED_IMPORT],
  ["src/index.ts", 'export * from "./mvcc/store.ts";', RESTRICTED_IMPORT],
  ["examples/inside.ts", 'import "../src/index.ts";', RESTRICTED_IMPORT],
  ["src/mvcc/timer.ts", "setTimeout(() => {}, 1);", "lint/style/noRestrictedGlobals"],
  ["src/mvcc/now.ts", "export const now: number = Date.now();", "plugin"],
  ["src/mvcc/today.ts", "export const today: Date = new Date();", "plugin"],
  ["src/random.ts", "export const chance: number = Math.random();", "plugin"],
  ["src/mvcc/cycle-one.ts", 'import type { Two } from "./cycle-two.ts"; export type One = Two | 1;', IMPORT_CYCLE],
  ["src/mvcc/cycle-two.ts", 'import type { One } from "./cycle-one.ts"; export type Two = One[];', IMPORT_CYCLE],
  ["src/wal/floating.ts", "async function sync(): Promise<void> {}\nsync();", "lint/nursery/noFloatingPromises"],
  ["src/mvcc/long-file.ts", "f();\n".repeat(601), "lint/style/noExcessiveLinesPerFile"],
  ["src/mvcc/long-function.ts", LONG_FUNCTION, "lint/complexity/noExcessiveLinesPerFunction"],
  ["src/mvcc/camelCase.ts", "export const camel = 1;", "lint/style/useFilenamingConvention"],
  ["test/only.test.ts", 'import { it } from "vitest"; it.only("a", () => {});', "lint/suspicious/noFocusedTests"],
  ["test/skip.test.ts", 'import { it } from "vitest"; it.skip("a", () => {});', "lint/suspicious/noSkippedTests"],
];

const LAWFUL: readonly (readonly [string, string])[] = [
  ["src/clock.ts", "export const now: () => number = Date.now;"],
  ["src/wal/uses-pager.ts", 'import "../pager/index.ts"; import "../errors.ts"; import "node:zlib";'],
  ["src/btree/deep/uses-wal.ts", 'import "../../wal/index.ts"; import "../../bytes.ts";'],
  ["src/lsm/uses-all-below.ts", 'import "../btree/index.ts"; import "../pager/index.ts"; import "../wal/index.ts";'],
  ["src/mvcc/uses-all-below.ts", 'import "../btree/index.ts"; import "../lsm/index.ts"; import "../wal/index.ts";'],
  ["src/mvcc/given-date.ts", "export const epoch: Date = new Date(0);"],
  ["src/sql/uses-mvcc.ts", 'import "../mvcc/index.ts";'],
  ["src/sql/sqlite/home.ts", 'import "node:fs"; import "../../mvcc/index.ts";'],
  ["src/level/uses-mvcc.ts", 'import "node:fs"; import "abstract-level"; import "../mvcc/index.ts";'],
  ["src/cli/reads-files.ts", 'import "node:fs"; import "../mvcc/index.ts"; import "../sql/index.ts"; Date.now();'],
  ["test/skip-if.test.ts", 'import { it } from "vitest"; it.skipIf(process.platform === "win32")("a", () => {});'],
];

describe("the linter", () => {
  const reported = lintPlanted([...BREACHES, ...LAWFUL]);

  it.each(BREACHES.map(([path, , rule]) => [path, rule] as const))("refuses %s: %s", (path, rule) => {
    expect(reported.get(path) ?? []).toContain(rule);
  });

  it.each(LAWFUL.map(([path]) => path))("allows %s", (path) => {
    expect(reported.get(path) ?? []).toEqual([]);
  });
});

/** Writes the files into an empty tree, lints it, and gives the rules that fired for each path. */
function lintPlanted(
  files: readonly (readonly [path: string, source: string, ...rest: string[]])[],
): Map<string, string[]> {
  const checkout = checkoutRoot();
  return withTemporaryDirectory((directory) => {
    for (const name of ["biome.jsonc", "seams.grit", ".gitignore"]) {
      copyFileSync(join(checkout, name), join(directory, name));
    }
    symlinkSync(join(checkout, "node_modules"), join(directory, "node_modules"), "junction");
    for (const [path, source] of files) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), `${source}\n`);
    }
    return rulesByPath(runLinter(directory));
  });
}

interface LintReport {
  readonly diagnostics: readonly { readonly category: string; readonly location: { readonly path: string } }[];
}

function runLinter(directory: string): LintReport {
  const biome = join(directory, "node_modules/@biomejs/biome/bin/biome");
  const parameters = [biome, "lint", "--reporter=json", "--diagnostic-level=warn", "--max-diagnostics=none"];
  try {
    execFileSync(process.execPath, parameters, { cwd: directory, stdio: "pipe" });
  } catch (error) {
    return JSON.parse(String((error as { stdout: Buffer }).stdout));
  }
  throw new Error("the linter found nothing in a tree full of breaches");
}

function rulesByPath(report: LintReport): Map<string, string[]> {
  const rules = new Map<string, string[]>();
  for (const { category, location } of report.diagnostics) {
    rules.set(location.path, [...(rules.get(location.path) ?? []), category]);
  }
  return rules;
}
