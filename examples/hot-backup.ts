/**
 * A backup of a database that is being written to, and what is in it.
 *
 *     node dist/examples/hot-backup.js
 *
 * The copy holds every commit made before the call, and none by half. It is a database itself: it can be opened where it
 * is, or checked and copied to its place by `restore`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open, restore } from "nacre";

const ENTRIES = 30_000;

const directory = mkdtempSync(join(tmpdir(), "nacre-example-"));
try {
  using db = open(join(directory, "app.nacre"), { durability: "relaxed" });
  const events = db.map<{ text: string }>("events", { key: "number" });
  await events.load(Array.from({ length: ENTRIES }, (_, i) => [i, { text: `event ${i}, before the backup` }]));

  let next = ENTRIES;
  const writing = setInterval(() => events.put(next, { text: `event ${next++}, meanwhile` }), 1);

  let calls = 0;
  const { commit } = await db.backup(join(directory, "copy.nacre"), {
    bytesPerSecond: 10_000_000,
    onProgress: () => calls++,
  });
  clearInterval(writing);
  console.log(`backup of commit ${commit} done; progress was told ${calls > 1 ? "as it went" : "once"}`);
  console.log(`written meanwhile: ${next > ENTRIES ? "yes" : "no"}; in the database now: ${events.count() === next}`);

  await restore(join(directory, "copy.nacre"), join(directory, "restored.nacre"));
  using restored = open(join(directory, "restored.nacre"));
  const report = await restored.check();
  const copied = restored.map("events", { key: "number" });
  console.log(`restored: ${copied.count()} events; ${report.trees} trees were checked and found in order`);
  console.log(`its last commit is the backup's: ${restored.lastCommit === commit}`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
