/**
 * A writer that never awaits hears no event of its checkpoint worker. One that could not start left it waiting for ever:
 * where the program was started with flags that no worker takes, or was bundled without the worker's file.
 */
import { spawnSync } from "node:child_process";
import { cpSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { open } from "../../src/index.ts";
import { withTemporaryDirectory } from "../support/temporary-directory.ts";

const SOURCE = join(import.meta.dirname, "../../src");

/** Writes several segments' worth in one stretch, then waits for a checkpoint: how many were acknowledged, and the error. */
const WRITE = `
const [module, path] = process.argv.slice(-2);
const { open } = await import(module);
const db = open(path, { segmentBytes: 65536, durability: "relaxed" });
const map = db.map("m");
let acknowledged = 0;
let code;
try {
  for (; acknowledged < 3000; acknowledged++) map.put("key " + acknowledged, "x".repeat(100));
  await db.checkpoint();
  db.close();
} catch (error) {
  code = error.code;
}
console.log(JSON.stringify({ acknowledged, code }));
process.exit();`;

function write(words: readonly string[], source: string, path: string, nodeOptions = ""): unknown {
  const module = pathToFileURL(join(source, "index.js")).href;
  const { stdout } = spawnSync(process.execPath, [...words, module, path], {
    env: { ...process.env, NODE_OPTIONS: nodeOptions },
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
    timeout: 100_000,
  });
  return JSON.parse(stdout);
}

it("checkpoints in a program that is given on the command line", () => {
  withTemporaryDirectory((directory) => {
    const path = join(directory, "app.nacre");
    expect(write(["--input-type=module", "--eval", WRITE], SOURCE, path)).toEqual({ acknowledged: 3000 });
  });
});

it("checkpoints beside a preloaded module that does not load in a worker", () => {
  withTemporaryDirectory((directory) => {
    const [program, preload, path] = ["program.mjs", "preload.cjs", "app.nacre"].map((name) => join(directory, name));
    writeFileSync(program!, WRITE);
    writeFileSync(preload!, "process.chdir('.');");
    expect(write([program!], SOURCE, path!, `--require ${JSON.stringify(preload)}`)).toEqual({ acknowledged: 3000 });
  });
});

it("fails with UNSUPPORTED where the worker's file is missing, and loses nothing", () => {
  withTemporaryDirectory((directory) => {
    const [program, bundle, path] = ["program.mjs", "bundle", "app.nacre"].map((name) => join(directory, name));
    writeFileSync(program!, WRITE);
    writeFileSync(join(directory, "package.json"), '{ "type": "module" }');
    cpSync(SOURCE, bundle!, { recursive: true });
    rmSync(join(bundle!, "mvcc/checkpoint-worker.js"));
    const found = write([program!], bundle!, path!) as { acknowledged: number; code: string };
    expect(found.code).toBe("UNSUPPORTED");
    expect(found.acknowledged).toBeGreaterThan(0);
    using db = open(path!);
    expect(db.map("m").count()).toBe(found.acknowledged);
  });
});

/** The worker's file is there again when it is needed; the first one was begun ahead of that. */
const WRITE_LATER = `
const [module, path, hidden, worker] = process.argv.slice(-4);
const { renameSync } = await import("node:fs");
const { open } = await import(module);
const db = open(path, { segmentBytes: 65536, durability: "relaxed" });
const map = db.map("m");
let written = 0;
const write = (until) => {
  while (!until()) map.put("key " + written++, "x".repeat(100));
};
write(() => db.stats().segments === 2);
write(() => written % 100 === 0);
await new Promise((resolve) => setTimeout(resolve, 500));
renameSync(hidden, worker);
for (let i = 0; i < 5; i++) {
  write(() => written % 1000 === 0);
  map.put("key " + written++, "y");
  await db.checkpoint();
}
await db.check();
const count = map.count();
db.close();
const reopened = open(path);
await reopened.check();
console.log(JSON.stringify({ written, count, found: reopened.map("m").count() }));
reopened.close();`;

it("a worker that could not begin ahead of its first job is begun anew, and the jobs are its own", () => {
  withTemporaryDirectory((directory) => {
    const [program, copy, path] = ["program.mjs", "copy", "app.nacre"].map((name) => join(directory, name));
    writeFileSync(program!, WRITE_LATER);
    writeFileSync(join(directory, "package.json"), '{ "type": "module" }');
    cpSync(SOURCE, copy!, { recursive: true });
    const worker = join(copy!, "mvcc/checkpoint-worker.js");
    const hidden = join(directory, "hidden.js");
    renameSync(worker, hidden);
    const words = [program!, pathToFileURL(join(copy!, "index.js")).href, path!, hidden, worker];
    const { stdout } = spawnSync(process.execPath, words, {
      stdio: ["ignore", "pipe", "inherit"],
      encoding: "utf8",
      timeout: 100_000,
    });
    const { written, count, found } = JSON.parse(stdout) as { written: number; count: number; found: number };
    expect([count, found]).toEqual([written, written]);
  });
});
