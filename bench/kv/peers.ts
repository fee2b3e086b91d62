/**
 * The databases to compare with, kept out of nacre's own dependencies: bench/package.json names them, and they are
 * installed into bench/node_modules at the first run.
 *
 * They are required by name at run time and described by small interfaces where they are used, so that nacre compiles
 * without them.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of bench/package.json, found upwards from the compiled file. */
export function benchDirectory(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, "bench", "package.json"))) {
    const parent = dirname(directory);
    if (parent === directory) {
      throw new Error("no bench/package.json above the compiled benchmark; build it into dist/ (npm run build)");
    }
    directory = parent;
  }
  return join(directory, "bench");
}

export function requirePeer<T>(name: string): T {
  return createRequire(join(benchDirectory(), "package.json"))(name) as T;
}

/** Runs `npm ci` where a peer is missing or of another version than bench/package.json says. */
export function installPeers(): void {
  const directory = benchDirectory();
  const manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  const wanted = Object.entries(manifest.dependencies as Record<string, string>);
  if (wanted.every(([name, version]) => installedVersion(name) === version)) {
    return;
  }
  console.error("installing the databases to compare with (once, into bench/node_modules)…");
  execFileSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd: directory, stdio: ["ignore", 2, 2] });
}

export function installedVersion(name: string): string | undefined {
  const path = join(benchDirectory(), "node_modules", name, "package.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).version : undefined;
}
