/**
 * Where no thread was to be had for compactions, the database went by there being one: compactions that were to keep step beside
 * flushes had no turn until flushes waited for them.
 */
import { spawnSync } from "node:child_process";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { withTemporaryDirectory } from "../support/temporary-directory.ts";

const SOURCE = join(import.meta.dirname, "../../src");

/** Prints what the runner says after its second job: the helper begins with the first one that there are runs for. */
const WRITE = `
const [source, path] = process.argv.slice(-2);
const { open } = await import(source + "/index.js");
const { WorkerRunner } = await import(source + "/mvcc/worker-runner.js");
let runner;
const { start } = WorkerRunner.prototype;
WorkerRunner.prototype.start = function (input) {
  runner = this;
  return start.call(this, input);
};
const db = open(path);
const map = db.map("m", { engine: "lsm" });
for (let i = 0; i < 3; i++) {
  map.put("key " + i, "value");
  await db.checkpoint();
  await new Promise((resolve) => setTimeout(resolve, 500));
}
console.log(runner.hasHelper);
db.close();`;

it.each([true, false])("a database knows whether compactions have a thread: %s", (hasHelper) => {
  withTemporaryDirectory((directory) => {
    const [program, copy, path] = ["program.mjs", "copy", "app.nacre"].map((name) => join(directory, name));
    writeFileSync(program!, WRITE);
    writeFileSync(join(directory, "package.json"), '{ "type": "module" }');
    cpSync(SOURCE, copy!, { recursive: true });
    if (!hasHelper) {
      rmSync(join(copy!, "mvcc/compaction-worker.js"));
    }
    const { stdout } = spawnSync(process.execPath, [program!, pathToFileURL(copy!).href, path!], {
      stdio: ["ignore", "pipe", "inherit"],
      encoding: "utf8",
      timeout: 100_000,
    });
    expect(stdout).toBe(`${hasHelper}\n`);
  });
});
