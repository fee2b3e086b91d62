/**
 * A writer that never awaits hears no event of its checkpoint worker. One that ended in the middle of a job, or stood still
 * for ever, left it waiting for ever.
 */
import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { open } from "../../src/index.ts";
import { withTemporaryDirectory } from "../support/temporary-directory.ts";

const SOURCE = join(import.meta.dirname, "../../src");

/** Writes more than the log takes without a checkpoint, in one stretch. */
const WRITE = `
const [module, path] = process.argv.slice(-2);
const { open } = await import(module);
const db = open(path, { segmentBytes: 65536, durability: "relaxed" });
const map = db.map("m");
let acknowledged = 0;
const codes = [];
while (acknowledged < 5000 && codes.length < 2) {
  try {
    map.put("key " + acknowledged, "x".repeat(100));
    acknowledged++;
  } catch (error) {
    codes.push(error.code);
  }
}
console.log(JSON.stringify({ acknowledged, codes }));
process.exit();`;

it.each([
  ["ends", "port.on('message', () => process.exit(3));"],
  ["stands still", "port.on('message', () => { for (;;); });"],
])("a worker that %s in the middle of a job poisons the handle, and loses nothing", (_, sabotage) => {
  withTemporaryDirectory((directory) => {
    const [program, copy, path] = ["program.mjs", "copy", "app.nacre"].map((name) => join(directory, name));
    writeFileSync(program!, WRITE);
    writeFileSync(join(directory, "package.json"), '{ "type": "module" }');
    cpSync(SOURCE, copy!, { recursive: true });
    const worker = join(copy!, "mvcc/checkpoint-worker.js");
    appendFileSync(worker, `port.removeAllListeners('message');\n${sabotage}`);
    shortenPatience(join(copy!, "mvcc/worker-runner.js"));
    const { stdout } = spawnSync(process.execPath, [program!, pathToFileURL(join(copy!, "index.js")).href, path!], {
      stdio: ["ignore", "pipe", "inherit"],
      encoding: "utf8",
    });
    const found = JSON.parse(stdout) as { acknowledged: number; codes: string[] };
    expect(found.codes[0]).toMatch(/^(IO|POISONED)$/); // whoever was paced has met the end, or who needed room
    expect(found.codes[1]).toBe("POISONED");
    expect(found.acknowledged).toBeGreaterThan(0);
    using db = open(path!);
    expect(db.map("m").count()).toBeGreaterThanOrEqual(found.acknowledged);
  });
});

/** Five minutes are too long for a test. */
function shortenPatience(runner: string): void {
  const code = readFileSync(runner, "utf8");
  const short = code.replace(/MAX_STILL_MS = [^;]+;/, "MAX_STILL_MS = 300;");
  expect(short).not.toBe(code);
  writeFileSync(runner, short);
}
