/** abstract-level belongs to `nacre/level` alone: the rest of nacre does without it, and is loaded without it. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import { expect, test } from "vitest";
import { checkoutRoot } from "../support/source-tree.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const root = checkoutRoot();

/** The modules that a module imports, and those that they import. */
function importedBy(path: string, seen: Set<string> = new Set()): Set<string> {
  const source = readFileSync(path, "utf8");
  for (const [, specifier] of source.matchAll(/(?:from|import) "([^"]+)"/g)) {
    const target = specifier!.startsWith(".") ? join(dirname(path), specifier!) : specifier!;
    if (!seen.has(target)) {
      seen.add(target);
      if (specifier!.startsWith(".")) {
        importedBy(target, seen);
      }
    }
  }
  return seen;
}

test("the main entry and the command never import it", () => {
  for (const entry of ["index.js", "cli/main.js"]) {
    const imported = importedBy(join(root, "dist/src", entry));
    expect(imported.size).toBeGreaterThan(50);
    const names = [...imported].map((path) => (isAbsolute(path) ? relative(root, path) : path));
    expect(names.filter((name) => name.includes("level"))).toEqual([]);
  }
  expect(importedBy(join(root, "dist/src/level.js"))).toContain("abstract-level");
});

function run(folder: string, program: string): string {
  const parameters = ["--input-type=module", "--eval", program];
  return execFileSync(process.execPath, parameters, { cwd: folder, encoding: "utf8", stdio: "pipe" }).trim();
}

test("without the package, nacre loads, and nacre/level says what is missing", () => {
  using directory = temporaryDirectory();
  const installed = join(directory.path, "node_modules/nacre");
  mkdirSync(installed, { recursive: true });
  cpSync(join(root, "dist/src"), join(installed, "dist/src"), { recursive: true });
  cpSync(join(root, "package.json"), join(installed, "package.json"));
  const opening = 'import { open } from "nacre"; open(":memory:").close(); console.log("open");';
  expect(run(directory.path, opening)).toBe("open");
  const caught = 'import("nacre/level").catch(({ code, message }) => console.log(code, message));';
  expect(run(directory.path, caught)).toMatch(/^ERR_MODULE_NOT_FOUND Cannot find package 'abstract-level'/);
});

test("it is imported and required alike", () => {
  using directory = temporaryDirectory();
  mkdirSync(join(directory.path, "node_modules"));
  symlinkSync(root, join(directory.path, "node_modules/nacre"), "junction");
  writeFileSync(
    join(directory.path, "program.cjs"),
    'const { Level } = require("nacre/level"); import("nacre/level").then((m) => console.log(m.Level === Level));',
  );
  const printed = execFileSync(process.execPath, ["--no-warnings", "program.cjs"], {
    cwd: directory.path,
    encoding: "utf8",
  });
  expect(printed.trim()).toBe("true");
});
