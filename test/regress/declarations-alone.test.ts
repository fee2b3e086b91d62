/** The declarations name `Disposable`, which a program's own compiler may not know: they bring it, and compile by themselves. */
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { checkoutRoot } from "../support/source-tree.ts";
import { withTemporaryDirectory } from "../support/temporary-directory.ts";

it("compile with an older target, without Node's types, and with every library checked", () => {
  withTemporaryDirectory((folder) => {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(checkoutRoot(), join(folder, "node_modules/nacre"), "junction");
    const compilerOptions = { strict: true, module: "nodenext", target: "es2022", types: [], noEmit: true };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["program.mts"] }));
    writeFileSync(
      join(folder, "program.mts"),
      'import { open } from "nacre";\nexport const n: number = open(":memory:").lastCommit;\n' +
        'import { BloomFilter } from "nacre/bloom";\nexport const m: number = new BloomFilter({ capacity: n }).count;\n',
    );
    const compiler = join(checkoutRoot(), "node_modules/typescript/bin/tsc");
    const { stdout, status } = spawnSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" });
    expect([stdout, status]).toEqual(["", 0]);
  });
});
