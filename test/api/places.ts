/**
 * Where a database can be: the conformance suite runs once in each of these places.
 *
 *     mmap      a directory, pages read through mappings          checkpoints in a worker
 *     pread     a directory, pages read into a cache of 1 MiB     checkpoints in a worker
 *     memory    :memory:                                          checkpoints in this thread
 *     disk      a MemoryDisk behind the pread backend             checkpoints in this thread
 *
 * and in each with either engine for its maps: what a map is to its users does not depend on it.
 */
import { join } from "node:path";
import { type Clock, systemClock } from "../../src/clock.ts";
import { type Database, type InternalOptions, type OpenOptions, open, openOn } from "../../src/mvcc/index.ts";
import { type Backend, type Disk, MemoryDisk, openDirectory } from "../../src/pager/index.ts";
import { seededRng, systemRng } from "../../src/random.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

export interface Place extends Disposable {
  readonly name: string;
  /** Whether what was written is there when the place is opened again. */
  readonly isKept: boolean;
  /** Opens the one database of this place; with a clock of the test's own, if it brings one. */
  open(options?: OpenOptions & InternalOptions, clock?: Clock): Database;
}

export interface PlaceKind {
  readonly name: string;
  make(): Place;
}

const CACHE_BYTES = 1 << 20;

const PLACES_OF_TREES: readonly PlaceKind[] = [
  { name: "mmap", make: () => directoryPlace("mmap") },
  { name: "pread", make: () => directoryPlace("pread") },
  { name: "memory", make: () => memoryPlace("memory", false) },
  { name: "disk", make: () => memoryPlace("pread", true) },
];

export const PLACES: readonly PlaceKind[] = [
  ...PLACES_OF_TREES,
  ...PLACES_OF_TREES.map(({ name, make }) => ({ name: `${name}, lsm`, make: () => withRuns(make()) })),
];

/** Those that keep what they hold. */
export const KEPT_PLACES: readonly PlaceKind[] = PLACES.filter(({ name }) => !name.startsWith("memory"));

/** Maps that do not choose an engine are LSM keyspaces there. */
function withRuns(place: Place): Place {
  return {
    ...place,
    open: (options, clock) => place.open({ engine: "lsm", ...options }, clock),
    [Symbol.dispose]: () => place[Symbol.dispose](),
  };
}

function directoryPlace(backend: "mmap" | "pread"): Place {
  const directory = temporaryDirectory();
  const path = join(directory.path, "app.nacre");
  return {
    name: backend,
    isKept: true,
    open: (options = {}, clock = undefined) => {
      const all = { backend, cacheBytes: CACHE_BYTES, ...options };
      if (clock === undefined) {
        return open(path, all);
      }
      const disk = openDirectory(path, { create: true, readOnly: options.readOnly ?? false });
      return openOn({ disk, clock, rng: systemRng }, all);
    },
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

function memoryPlace(backend: Backend, isKept: boolean): Place {
  const kept = new MemoryDisk();
  return {
    name: isKept ? "disk" : "memory",
    isKept,
    open: (options = {}, clock = systemClock) => {
      const disk: Disk = isKept ? kept : new MemoryDisk();
      return openOn({ disk, clock, rng: seededRng(1) }, { cacheBytes: CACHE_BYTES, ...options }, backend);
    },
    [Symbol.dispose]: () => {},
  };
}

/** For assertions on what is thrown: the code, or what it was instead. */
export function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return describeError(error);
  }
  return "nothing was thrown";
}

export async function codeOfAsync(action: () => Promise<unknown>): Promise<string> {
  try {
    await action();
  } catch (error) {
    return describeError(error);
  }
  return "nothing was thrown";
}

function describeError(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
