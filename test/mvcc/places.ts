/** Where the tests of whole databases run: each backend on a disk of its own, and small segments to have checkpoints soon. */
import { join } from "node:path";
import { systemClock } from "../../src/clock.ts";
import { DbError } from "../../src/errors.ts";
import { type Database, type InternalOptions, type OpenOptions, open, openOn } from "../../src/mvcc/index.ts";
import type { Disk } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary-directory.ts";

export type BackendName = "mmap" | "pread" | "memory";

export const BACKENDS: readonly BackendName[] = ["mmap", "pread", "memory"];

export const SMALL_SEGMENTS: OpenOptions = { segmentBytes: 256 * 1024, durability: "relaxed" };

/** A directory, and one database in it or, for "memory", nowhere. */
export class Place implements Disposable {
  readonly directory: TemporaryDirectory;
  readonly backend: BackendName;

  constructor(backend: BackendName) {
    this.directory = temporaryDirectory();
    this.backend = backend;
  }

  path(name: string): string {
    return join(this.directory.path, name);
  }

  open(options: OpenOptions = {}): Database {
    return this.backend === "memory"
      ? open(":memory:", { ...SMALL_SEGMENTS, ...options })
      : open(this.path("db"), { ...SMALL_SEGMENTS, backend: this.backend, ...options });
  }

  [Symbol.dispose](): void {
    this.directory[Symbol.dispose]();
  }
}

/** A database on a disk of the test's, all in one thread. */
export function openOnDisk(disk: Disk, options: OpenOptions & InternalOptions = {}): Database {
  return openOn(
    { disk, clock: systemClock, rng: seededRng(7) },
    { segmentBytes: 64 * 1024, backend: "pread", durability: "relaxed", checkpoints: "inline", ...options },
  );
}

export async function codeOfAsync(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof DbError ? error.code : `no DbError: ${error}`;
  }
  return "nothing thrown";
}

/** `count` entries in ascending order: "k000000001" and up, to values of `valueBytes` bytes that tell them apart. */
export function* sortedEntries(count: number, valueBytes = 100): Generator<[string, string], void> {
  for (let i = 0; i < count; i++) {
    yield [`k${String(i).padStart(9, "0")}`, `${i}:`.padEnd(valueBytes, "x")];
  }
}

/** Maps, whose keys and values are text, as plain text: equal for equal contents. All maps of a database, or those named. */
export function contentsOf(db: Database): string;
export function contentsOf(reader: Pick<Database, "map">, names: readonly string[]): string;
export function contentsOf(
  reader: Pick<Database, "map">,
  names: readonly string[] = (reader as Database).maps(),
): string {
  return names
    .map((name) => `${name}\n${[...reader.map(name).range()].map(([key, value]) => `${key}=${value}`).join("\n")}`)
    .join("\n\n");
}
