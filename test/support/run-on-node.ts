/**
 * The whole suite on another Node: `npm run test:node -- 22`
 *
 * The npm package `node` carries the binary, and its platform package the headers. A copy of this checkout is installed
 * (`npm ci`) and tested (`npm test`) in a temporary directory with that binary first in PATH, so the optional native
 * dependencies are compiled for it; where that fails they are left out and their fallbacks run, as for any user.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { checkoutRoot, sourceFiles } from "./source-tree.ts";
import { withTemporaryDirectory } from "./temporary-directory.ts";

function main(version: string | undefined): number {
  const npm = process.env.npm_execpath;
  if (version === undefined || !/^\d+(\.\d+){0,2}$/.test(version) || npm === undefined) {
    process.stderr.write("usage: npm run test:node -- 22    (a version of the npm package `node`)\n");
    return 2;
  }
  return withTemporaryDirectory((directory) => {
    const node = installNode(npm, directory, version);
    const copy = join(directory, "checkout");
    copyCheckout(copy);
    const environment = {
      ...process.env,
      PATH: `${dirname(node.binary)}${delimiter}${process.env.PATH ?? ""}`,
      ...(node.headers === undefined ? {} : { npm_config_nodedir: node.headers }),
    };
    for (const step of [["--version"], [npm, "ci"], [npm, "test"]]) {
      const status = spawnSync(node.binary, step, { cwd: copy, env: environment, stdio: "inherit" }).status ?? 1;
      if (status !== 0) {
        return status;
      }
    }
    return 0;
  });
}

function installNode(npm: string, directory: string, version: string): { binary: string; headers: string | undefined } {
  const prefix = join(directory, "node");
  mkdirSync(prefix);
  // The package's own script puts the binary for this platform in its place, so it has to be allowed to run.
  writeFileSync(join(prefix, "package.json"), JSON.stringify({ private: true, allowScripts: { node: true } }));
  const install = [npm, "install", "--no-save", "--no-audit", "--no-fund", `node@${version}`];
  const { status } = spawnSync(process.execPath, install, { cwd: prefix, stdio: ["ignore", "ignore", "inherit"] });
  const home = join(prefix, "node_modules/node");
  const binary = join(home, "bin", process.platform === "win32" ? "node.exe" : "node");
  if (status !== 0 || !existsSync(binary)) {
    throw new Error(`npm could not install node@${version}`);
  }
  const platform = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
  const headers = [join(home, "node_modules", platform), join(prefix, "node_modules", platform)];
  return { binary, headers: headers.find((path) => existsSync(join(path, "include/node/node.h"))) };
}

function copyCheckout(into: string): void {
  const root = checkoutRoot();
  for (const path of [...sourceFiles(root), ...sourceFiles(root, "test/fixtures"), "package-lock.json"]) {
    mkdirSync(dirname(join(into, path)), { recursive: true });
    copyFileSync(join(root, path), join(into, path));
  }
}

process.exitCode = main(process.argv[2]);
