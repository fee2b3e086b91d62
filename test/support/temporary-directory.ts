/**
 * Directories for tests that clean up after themselves, also when the test fails.
 *
 *   using directory = temporaryDirectory();
 *   const db = open(join(directory.path, "app.nacre"));
 *
 *   withTemporaryDirectory((path) => …);            // the same for a callback, synchronous or not
 *
 * They are made under `os.tmpdir()`, so TMPDIR chooses the file system (a tmpfs is fastest, a real disk is what
 * durability tests want). With NACRE_KEEP=1 they stay, and their paths are printed, for looking into a failure.
 * Nothing here knows the test runner: fuzzers and benchmarks use it too.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class TemporaryDirectory implements Disposable {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  [Symbol.dispose](): void {
    if (process.env.NACRE_KEEP === "1") {
      process.stderr.write(`kept: ${this.path}\n`);
    } else {
      rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
    }
  }
}

/** A new, empty directory, removed with all that is in it when the `using` scope ends. */
export function temporaryDirectory(): TemporaryDirectory {
  return new TemporaryDirectory(mkdtempSync(join(tmpdir(), "nacre-")));
}

/** Calls `use` with the path of a new, empty directory, and removes it when `use` has returned, resolved or failed. */
export function withTemporaryDirectory<T>(use: (path: string) => T): T {
  const directory = temporaryDirectory();
  let result: T;
  try {
    result = use(directory.path);
  } catch (error) {
    directory[Symbol.dispose]();
    throw error;
  }
  if (result instanceof Promise) {
    return result.finally(() => directory[Symbol.dispose]()) as T;
  }
  directory[Symbol.dispose]();
  return result;
}
