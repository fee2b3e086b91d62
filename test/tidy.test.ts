/**
 * Tidiness as a unit test: what the linter has no rule for. (Layer order, import cycles, the sizes of files and
 * functions, tests left out and file names in kebab-case are rules of biome.jsonc; layers.test.ts shows that they bite.)
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkoutRoot, sourceFiles } from "./support/source-tree.ts";

const root = checkoutRoot();
const files = sourceFiles(root);
const typescriptFiles = files.filter((path) => path.endsWith(".ts"));
const layers = readdirSync(join(root, "src"), { withFileTypes: true }).filter((entry) => entry.isDirectory());

describe.each(layers.map((entry) => entry.name))("layer %s", (layer) => {
  it("says in a README.md what it stores and which invariants hold", () => {
    expect(existsSync(join(root, "src", layer, "README.md"))).toBe(true);
  });

  it("names in an index.ts what other layers may use", () => {
    expect(existsSync(join(root, "src", layer, "index.ts"))).toBe(true);
  });

  it("has its place in the layer order", () => {
    expect(read("biome.jsonc")).toContain(`"src/${layer}/**"`);
  });
});

describe("every file", () => {
  it("is named for one concept", () => {
    const names = [
      "common",
      "constants",
      "helper",
      "helpers",
      "interfaces",
      "misc",
      "shared",
      "types",
      "util",
      "utils",
    ];
    expect(typescriptFiles.filter((path) => names.includes(basename(path, ".ts")))).toEqual([]);
  });

  it("opens by saying what it is", () => {
    const opening = /^(#!.*\n)?\/\*\*[\s\S]/;
    const wordless = typescriptFiles.filter((path) => path.startsWith("src/") && !opening.test(read(path)));
    expect(wordless).toEqual([]);
  });

  it("is finished: what is left to do is an issue, not a comment", () => {
    const unfinished = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "HA" + "CK"].join("|")})\\b`);
    expect(linesMatching(unfinished)).toEqual([]);
  });

  it("runs on any machine: no path of somebody's own", () => {
    expect(linesMatching(/(?<![\w.$}~-])\/(home|Users|root|work|tmp)\/\w|\b[A-Z]:\\\\?Users\b/)).toEqual([]);
  });

  it("says why where it silences the linter or the compiler", () => {
    expect(linesMatching(/(biome-ignore\s+\S+:\s*$|@ts-(ignore|nocheck)|@ts-expect-error\s*$)/)).toEqual([]);
  });
});

describe("package.json", () => {
  const manifest = JSON.parse(read("package.json"));

  it("needs nothing at run time that must be installed", () => {
    expect(manifest.dependencies).toBeUndefined();
  });

  it("pins every version exactly", () => {
    const versions = Object.values({ ...manifest.devDependencies, ...manifest.optionalDependencies }) as string[];
    expect(versions.filter((version) => !/^(npm:.+@)?\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it("lists an entry point only when it is built", () => {
    const targets = JSON.stringify([manifest.exports, manifest.bin]).match(/dist\/[^"]+/g) ?? [];
    expect(targets.filter((target) => !existsSync(join(root, target)))).toEqual([]);
  });
});

function read(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** `path:line: text` of every line that matches, in files of this checkout other than this one. */
function linesMatching(pattern: RegExp): string[] {
  const found: string[] = [];
  for (const path of files) {
    if (path === "test/tidy.test.ts" || !/\.(ts|mjs|md|jsonc?|grit)$|^\.ci\//.test(path)) {
      continue;
    }
    for (const [index, line] of read(path).split("\n").entries()) {
      if (pattern.test(line)) {
        found.push(`${path}:${index + 1}: ${line.trim()}`);
      }
    }
  }
  return found;
}
