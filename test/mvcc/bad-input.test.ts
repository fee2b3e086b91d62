/** What is no database, or cannot be opened as one: a clear error each time, and nothing lost. */

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { DbError, type OpenOptions, open } from "../../src/index.ts";
import { type Database, openOn } from "../../src/mvcc/index.ts";
import { FORMAT_VERSION, MemoryDisk } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";
import { ManualClock } from "../api/manual-clock.ts";
import { canRead } from "../support/machine.ts";
import { checkoutRoot } from "../support/source-tree.ts";
import { withTemporaryDirectory } from "../support/temporary-directory.ts";
import { bytesOf, copyOf } from "./disk-copy.ts";

/** Opens, and closes at once; the error, or undefined. */
function errorOf(path: string, options: OpenOptions = {}): DbError | undefined {
  try {
    open(path, options).close();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(DbError);
    return error as DbError;
  }
}

function filled(path: string): void {
  using db = open(path);
  db.map<number>("m").put("k", 1);
}

describe("open refuses", () => {
  it("a directory that holds something else, and leaves it as it is", () => {
    withTemporaryDirectory((path) => {
      writeFileSync(join(path, "letter.txt"), "dear");
      mkdirSync(join(path, "photos"));
      for (const options of [{}, { readOnly: true }, { create: false }]) {
        const error = errorOf(path, options);
        expect(error).toMatchObject({ code: "INVALID", facts: { path } });
        expect(error!.message).toContain("letter.txt");
      }
      expect(readdirSync(path)).toEqual(["letter.txt", "photos"]);
      expect(readFileSync(join(path, "letter.txt"), "utf8")).toBe("dear");
      writeFileSync(join(path, "LOCK"), "another database's");
      expect(errorOf(path)?.code).toBe("INVALID");
      expect(readFileSync(join(path, "LOCK"), "utf8")).toBe("another database's");
    });
  });

  it("a database without its pages.000, as damage", () => {
    withTemporaryDirectory((path) => {
      writeFileSync(join(path, "wal.0000000002"), "the log");
      for (const options of [{}, { readOnly: true }]) {
        expect(errorOf(path, options)).toMatchObject({ code: "CORRUPT", facts: { path, file: "pages.000" } });
      }
      expect(readFileSync(join(path, "wal.0000000002"), "utf8")).toBe("the log");
      expect(existsSync(join(path, "pages.000"))).toBe(false);
    });
  });

  it("options that are none, before it makes anything", () => {
    withTemporaryDirectory((path) => {
      const directory = join(path, "app.nacre");
      const wrong = [{ durability: "eventual" as "sync" }, { segmentBytes: 100_000 }, { cacheBytes: 1 }];
      for (const options of wrong) {
        expect(errorOf(directory, options)?.code).toBe("INVALID");
      }
      expect(errorOf(`${directory}\0`)?.code).toBe("INVALID");
      expect(readdirSync(path)).toEqual([]);
    });
  });

  it("a pages.000 that is none", () => {
    withTemporaryDirectory((path) => {
      writeFileSync(join(path, "pages.000"), "SQLite format 3\0".repeat(2000));
      expect(errorOf(path)).toMatchObject({ code: "INVALID", facts: { path } });
      expect(errorOf(path)!.message).toContain(path);
      writeFileSync(join(path, "pages.000"), "short");
      expect(errorOf(path)?.code).toBe("CORRUPT");
      expect(readFileSync(join(path, "pages.000"), "utf8")).toBe("short");
    });
  });

  it("a file in place of a directory", () => {
    withTemporaryDirectory((path) => {
      const file = join(path, "app.nacre");
      writeFileSync(file, "data");
      expect(errorOf(file)).toMatchObject({ code: "INVALID", facts: { path: file } });
      expect(errorOf(join(file, "inside"))).toMatchObject({ code: "IO" });
      expect(readFileSync(file, "utf8")).toBe("data");
    });
  });

  it("what is not there, read-only or without create; and makes it otherwise, parents included", () => {
    withTemporaryDirectory((path) => {
      const missing = join(path, "a/b/app.nacre");
      expect(errorOf(missing, { create: false })).toMatchObject({ code: "INVALID", facts: { path: missing } });
      expect(errorOf(missing, { readOnly: true })).toMatchObject({ code: "INVALID" });
      expect(existsSync(join(path, "a"))).toBe(false);
      expect(errorOf(missing)).toBeUndefined();
      expect(errorOf(missing, { create: false })).toBeUndefined();
    });
  });

  it("an empty directory without create; and takes it otherwise", () => {
    withTemporaryDirectory((path) => {
      expect(errorOf(path, { create: false })).toMatchObject({ code: "INVALID" });
      expect(errorOf(path, { readOnly: true })).toMatchObject({ code: "INVALID" });
      expect(errorOf(path)).toBeUndefined();
    });
  });

  it("a newer format version, with both versions in the error", () => {
    const disk = new MemoryDisk();
    openMemory(disk).close();
    const newer = copyOf(disk);
    const pages = bytesOf(newer, "pages.000");
    for (const sector of [0, 4096, 8192, 8192 + 4096]) {
      const view = new DataView(pages.buffer, sector, 512);
      view.setUint32(8, 7, true);
      view.setUint32(508, crc32(pages.subarray(sector, sector + 508)), true);
    }
    newer.open("pages.000", "write").write(pages, 0, pages.length, 0);
    expect(() => openMemory(newer)).toThrow(
      expect.objectContaining({
        code: "UNSUPPORTED",
        facts: { path: newer.path, formatVersion: 7, supported: FORMAT_VERSION },
      }),
    );
    expect(bytesOf(newer, "pages.000")).toEqual(pages);
  });

  it.each([1, 2])("a database of format %d, which says how its data can be taken over", (formatVersion) => {
    withTemporaryDirectory((path) => {
      const pages = gunzipSync(
        readFileSync(join(checkoutRoot(), `test/fixtures/format-${formatVersion}/pages.000.gz`)),
      );
      writeFileSync(join(path, "pages.000"), pages);
      for (const options of [{}, { readOnly: true }]) {
        const error = errorOf(path, options);
        expect(error).toMatchObject({ code: "UNSUPPORTED", facts: { path, formatVersion, supported: FORMAT_VERSION } });
        expect(error!.message).toMatch(/nacre dump.*nacre load/);
      }
      expect(readFileSync(join(path, "pages.000")).equals(pages)).toBe(true);
    });
  });
});

it.skipIf(!existsSync("/proc/self/fd"))("an open that fails leaves no file open", () => {
  withTemporaryDirectory((path) => {
    filled(path);
    const pages = readFileSync(join(path, "pages.000"));
    writeFileSync(join(path, "pages.000"), pages.fill(0xff, 2 * 8192));
    const before = readdirSync("/proc/self/fd").length;
    for (let n = 0; n < 10; n++) {
      expect(errorOf(path, { backend: n % 2 === 0 ? "mmap" : "pread" })?.code).toBe("CORRUPT");
    }
    expect(readdirSync("/proc/self/fd").length).toBeLessThan(before + 10);
  });
});

describe("a second one that opens for writing", () => {
  it("in the same process gets LOCKED with its own pid, and the first goes on", () => {
    withTemporaryDirectory((path) => {
      using db = open(path);
      expect(errorOf(path)).toMatchObject({ code: "LOCKED", facts: { pid: process.pid } });
      expect(errorOf(path, { readOnly: true })).toMatchObject({ code: "LOCKED" });
      db.map<number>("m").put("k", 1);
      expect(db.map("m").get("k")).toBe(1);
    });
  });

  it("in another process gets LOCKED with the pid of the first", () => {
    withTemporaryDirectory((path) => {
      using db = open(path);
      db.map<number>("m").put("k", 1);
      const found = JSON.parse(inAnotherProcess(path)) as { code: string; pid: number };
      expect(found).toEqual({ code: "LOCKED", pid: process.pid });
    });
  });

  it("opens once the first was killed, and finds what it had committed", async () => {
    await withTemporaryDirectory(async (path) => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", HOLD, moduleUrl(), path], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await new Promise((resolve) => child.stdout.once("data", resolve));
      expect(errorOf(path)).toMatchObject({ code: "LOCKED", facts: { pid: child.pid } });
      child.kill("SIGKILL");
      await new Promise((resolve) => child.once("exit", resolve));
      using db = open(path);
      expect(db.map("m").get("k")).toBe("committed");
      await db.check();
    });
  });
});

describe("a directory that cannot be written", () => {
  it("opens with readOnly, and refuses to be opened for writing", (context) => {
    withTemporaryDirectory((path) => {
      const directory = join(path, "app.nacre");
      filled(directory);
      const before = readdirSync(directory);
      for (const name of before) {
        chmodSync(join(directory, name), 0o444);
      }
      chmodSync(directory, 0o555);
      chmodSync(path, 0o755);
      // Root writes through any mode, so a process of nobody's tries.
      const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
      if (!canRead(moduleUrl(), identity)) {
        chmodSync(directory, 0o755);
        context.skip("another user cannot read this checkout, or not run this Node");
      }
      const tried = spawnSync(process.execPath, ["--input-type=module", "-e", TRY_READING, moduleUrl(), directory], {
        encoding: "utf8",
        cwd: "/",
        ...identity,
      });
      chmodSync(directory, 0o755);
      expect(tried.stderr).toBe("");
      expect(JSON.parse(tried.stdout)).toEqual({ opened: "READONLY", value: 1, put: "READONLY" });
      expect(readdirSync(directory)).toEqual(before);
    });
  });
});

describe("backends", () => {
  const BACKENDS = ["mmap", "pread"] as const;

  it.each(BACKENDS)("each opens what %s has written, closed or killed", async (writer) => {
    await withTemporaryDirectory(async (path) => {
      let round = 0;
      for (const reader of [...BACKENDS, ...BACKENDS]) {
        {
          using db = open(path, { backend: writer, segmentBytes: 64 * 1024 });
          const map = db.map<string>("m");
          db.write((tx) => {
            for (let n = 0; n < 500; n++) {
              tx.map<string>("m").put(`key ${n}`, `round ${round} of ${writer}`.padEnd(200, "."));
            }
          });
          map.put("large", "x".repeat(50_000 + round));
          if (round % 2 === 0) {
            await db.checkpoint();
            map.put("key 1", `after the checkpoint ${round}`);
          }
        }
        using db = open(path, { backend: reader, cacheBytes: 1 << 20 });
        const map = db.map<string>("m");
        expect(map.get("key 2")).toBe(`round ${round} of ${writer}`.padEnd(200, "."));
        expect([map.get("large")!.length, map.count()]).toEqual([50_000 + round, 501]);
        await db.check();
        round++;
      }
    });
  });

  it("a MemoryDisk opens as mmap what pread has written, and back", async () => {
    const disk = new MemoryDisk({ mapped: true });
    for (const [life, backend] of (["pread", "mmap", "pread"] as const).entries()) {
      using db = openMemory(disk, backend);
      expect(db.map<number>("m").count()).toBe(life * 100);
      for (let n = 0; n < 100; n++) {
        db.map<number>("m").put(`${life} ${n}`, n);
      }
      await db.check();
    }
  });
});

function openMemory(disk: MemoryDisk, backend: "mmap" | "pread" = "pread"): Database {
  return openOn(
    { disk, clock: new ManualClock(), rng: seededRng(1) },
    { segmentBytes: 16 * 1024, checkpoints: "inline", cacheBytes: 1 << 20 },
    backend,
  );
}

function moduleUrl(): string {
  return new URL("../../src/index.js", import.meta.url).href;
}

/** What another process gets that opens the same path for writing. */
function inAnotherProcess(path: string): string {
  return execFileSync(process.execPath, ["--input-type=module", "-e", TRY, moduleUrl(), path], { encoding: "utf8" });
}

const TRY = `
const { open } = await import(process.argv[1]);
try {
  open(process.argv[2]).close();
  console.log("{}");
} catch (error) {
  console.log(JSON.stringify({ code: error.code, pid: error.facts.pid }));
}`;

/** The uid of nobody on every Unix but a few, where it is as much without rights. */
const NOBODY = 65534;

const TRY_READING = `
const { open } = await import(process.argv[1]);
const codeOf = (action) => {
  try {
    action();
  } catch (error) {
    return error.code;
  }
};
const opened = codeOf(() => open(process.argv[2]).close());
const db = open(process.argv[2], { readOnly: true });
const map = db.map("m");
console.log(JSON.stringify({ opened, value: map.get("k"), put: codeOf(() => map.put("k", 2)) }));`;

const HOLD = `
const { open } = await import(process.argv[1]);
const db = open(process.argv[2]);
db.map("m").put("k", "committed");
console.log("ready");
setInterval(() => {}, 1000);`;
