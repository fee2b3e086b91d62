/**
 * What the disk itself does at this moment: records of 160 bytes, one behind the other in a file that is there already,
 * with an fdatasync after each. No log can be faster with one commit a sync, and where this figure differs between the
 * engines of a run, the disk was busy with something else.
 */
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";

const RECORD_BYTES = 160;
const FILE_BYTES = 1024 * 1024;
const MEASURED_MS = 300;

/** Syncs per second. */
export function syncRate(directory: string): number {
  const path = join(directory, "disk-sync");
  const file = openSync(path, "w");
  try {
    const bytes = Buffer.alloc(FILE_BYTES);
    writeSync(file, bytes, 0, FILE_BYTES, 0);
    fdatasyncSync(file);
    const startedAt = performance.now();
    let count = 0;
    while (performance.now() - startedAt < MEASURED_MS) {
      writeSync(file, bytes, 0, RECORD_BYTES, (count * RECORD_BYTES) % (FILE_BYTES - RECORD_BYTES));
      fdatasyncSync(file);
      count++;
    }
    return count / ((performance.now() - startedAt) / 1000);
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
