/** One suite for every Disk, then what is special to a real directory. */

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { CrashDisk } from "../../fuzz/disk/crash-disk.ts";
import { FaultDisk } from "../../fuzz/disk/fault-disk.ts";
import { DbError } from "../../src/errors.ts";
import { type Disk, MemoryDisk, openDirectory } from "../../src/pager/index.ts";
import { diskError } from "../../src/pager/io-error.ts";
import { canRead, hasMmap } from "../support/machine.ts";

const directories: string[] = [];

function temporaryDirectory(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "nacre-disk-"));
  directories.push(directory);
  return directory;
}

afterEach(() => {
  for (const directory of directories.splice(0)) {
    fs.rmSync(directory, { recursive: true });
  }
});

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return error instanceof DbError ? error.code : String(error);
  }
  return "none";
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

const disks: readonly { readonly name: string; make(): Disk }[] = [
  { name: "a directory", make: () => openDirectory(temporaryDirectory(), { create: false, readOnly: false }) },
  { name: "memory", make: () => new MemoryDisk() },
  { name: "a crash disk", make: () => new CrashDisk() },
  { name: "a fault disk without faults", make: () => new FaultDisk(new CrashDisk(), {}) },
];

describe.each(disks)("Disk: $name", ({ make }) => {
  test("writes, reads, gaps and sizes", async () => {
    const disk = make();
    const file = disk.open("a", "create");
    file.write(bytesOf("..hello"), 2, 5, 3);
    const into = new Uint8Array(12).fill(9);
    expect(file.read(into, 1, 11, 0)).toBe(8);
    expect(Buffer.from(into).toString("latin1")).toBe("\t\0\0\0hello\t\t\t");
    expect(file.read(into, 0, 4, 8)).toBe(0);
    expect(file.read(into, 0, 4, 100)).toBe(0);
    file.truncate(5);
    file.truncate(7);
    expect(file.sizeBytes()).toBe(7);
    expect(file.read(into, 0, 7, 0)).toBe(7);
    expect(Buffer.from(into.subarray(0, 7)).toString("latin1")).toBe("\0\0\0he\0\0");
    file.sync();
    await file.syncSoon();
    file.close();
  });

  test("syncAhead is a hint: nothing is different after it, and a file is closed with some under way", () => {
    const disk = make();
    const file = disk.open("a", "create");
    for (let i = 0; i < 20; i++) {
      file.write(bytesOf("x"), 0, 1, i);
      file.syncAhead();
    }
    file.sync();
    expect(file.sizeBytes()).toBe(20);
    file.close();
    expect(codeOf(() => file.syncAhead())).not.toBe("none");
    const again = disk.open("a", "write");
    again.syncAhead();
    expect(again.read(new Uint8Array(30), 0, 30, 0)).toBe(20);
    again.close();
  });

  test("shared memory is read from and written to", () => {
    const file = make().open("a", "create");
    const shared = new Uint8Array(new SharedArrayBuffer(64));
    shared.fill(5, 8, 40);
    file.write(shared, 8, 32, 0);
    shared.fill(0);
    expect(file.read(shared, 16, 32, 0)).toBe(32);
    expect(shared.subarray(16, 48).every((byte) => byte === 5)).toBe(true);
    expect(crc32(shared)).toBe(crc32(Uint8Array.from(shared)));
    file.close();
  });

  test("names: create wants none, read and write want one, rename replaces, remove removes", () => {
    const disk = make();
    disk.open("b", "create").close();
    expect(codeOf(() => disk.open("b", "create"))).toBe("IO");
    expect(codeOf(() => disk.open("c", "read"))).toBe("IO");
    expect(codeOf(() => disk.open("c", "write"))).toBe("IO");
    expect(codeOf(() => disk.remove("c"))).toBe("IO");
    expect(codeOf(() => disk.rename("c", "d"))).toBe("IO");
    const file = disk.open("a", "create");
    file.write(bytesOf("x"), 0, 1, 0);
    expect(disk.list()).toEqual(["a", "b"]);
    disk.rename("a", "b");
    disk.syncDirectory();
    expect(disk.list()).toEqual(["b"]);
    const again = disk.open("b", "read");
    expect(again.sizeBytes()).toBe(1);
    disk.remove("b");
    expect(disk.list()).toEqual([]);
    expect(again.read(new Uint8Array(1), 0, 1, 0)).toBe(1);
    again.close();
    file.close();
  });

  test("a file opened for reading takes no writes", () => {
    const disk = make();
    disk.open("a", "create").close();
    const file = disk.open("a", "read");
    expect(codeOf(() => file.write(bytesOf("x"), 0, 1, 0))).not.toBe("none");
    expect(file.sizeBytes()).toBe(0);
    file.close();
    expect(codeOf(() => file.sizeBytes())).not.toBe("none");
  });

  test("one writer or several readers", () => {
    const disk = make();
    disk.lock("exclusive");
    disk.unlock();
    disk.unlock();
    disk.lock("shared");
    disk.unlock();
    disk.lock("exclusive");
    disk.unlock();
  });
});

test("a memory disk that is shared by handles refuses a second writer, and a writer beside readers", () => {
  const disk = new MemoryDisk();
  disk.lock("exclusive");
  expect([codeOf(() => disk.lock("exclusive")), codeOf(() => disk.lock("shared"))]).toEqual(["LOCKED", "LOCKED"]);
  disk.unlock();
  disk.lock("shared");
  disk.lock("shared");
  disk.unlock();
  expect(codeOf(() => disk.lock("exclusive"))).toBe("LOCKED");
  disk.unlock();
  disk.lock("exclusive");
});

/** What a fresh Node finds in a copy of the engine that has no node_modules above it. */
test("without mmap-io and fs-ext, pages are read with pread, the lock is a file, and blocks lie in usual pages", () => {
  const directory = temporaryDirectory();
  const sources = new URL("../../src/", import.meta.url);
  for (const name of ["pager", "assert.js", "bytes.js", "errors.js"]) {
    fs.cpSync(new URL(name, sources), path.join(directory, "engine", name), { recursive: true });
  }
  fs.writeFileSync(path.join(directory, "package.json"), JSON.stringify({ type: "module" }));
  const program = `
    import { newSharedBlock, openDirectory, PAGE_SIZE, PageFile, sealPage } from "./engine/pager/index.js";
    const disk = openDirectory("db", { create: true, readOnly: false });
    disk.lock("exclusive");
    const pages = PageFile.open(disk, { backend: "mmap", cacheBytes: 0, readOnly: false });
    const image = new Uint8Array(PAGE_SIZE);
    sealPage(image, 0, 2);
    pages.writePages(image, 0, 2, 1);
    pages.locate(2);
    console.log(pages.backend, disk.open("LOCK", "read").sizeBytes() > 0);
    let code = "none";
    try { openDirectory("db", { create: true, readOnly: false }).lock("exclusive"); } catch (error) { code = error.code; }
    console.log(code, newSharedBlock(2 ** 23).byteLength);`;
  const child = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: directory,
    encoding: "utf8",
  });
  expect(child.stderr).toBe("");
  expect(child.stdout).toBe("pread true\nLOCKED 8388608\n");
});

describe("a directory", () => {
  test("is made when asked for, and INVALID when it is missing or a file", () => {
    const parent = temporaryDirectory();
    const missing = path.join(parent, "deep", "new");
    expect(codeOf(() => openDirectory(missing, { create: false, readOnly: false }))).toBe("INVALID");
    expect(codeOf(() => openDirectory(missing, { create: true, readOnly: true }))).toBe("INVALID");
    expect(openDirectory(missing, { create: true, readOnly: false }).list()).toEqual([]);
    fs.writeFileSync(path.join(parent, "file"), "x");
    expect(codeOf(() => openDirectory(path.join(parent, "file"), { create: true, readOnly: false }))).toBe("INVALID");
  });

  test("opened for reading, it refuses every change with READONLY", () => {
    const directory = temporaryDirectory();
    fs.writeFileSync(path.join(directory, "a"), "x");
    const disk = openDirectory(directory, { create: false, readOnly: true });
    for (const change of [
      () => disk.open("a", "write"),
      () => disk.open("b", "create"),
      () => disk.remove("a"),
      () => disk.rename("a", "b"),
      () => disk.lock("exclusive"),
    ]) {
      expect(codeOf(change)).toBe("READONLY");
    }
    disk.lock("shared");
    const file = disk.open("a", "read");
    expect(file.sizeBytes()).toBe(1);
    file.close();
    disk.unlock();
    expect(fs.readdirSync(directory)).toEqual(["a"]);
  });

  test("that belongs to someone else takes readers, and refuses a writer with READONLY", (context) => {
    const directory = temporaryDirectory();
    fs.chmodSync(directory, 0o555);
    const program = `
      import { openDirectory } from ${JSON.stringify(new URL("../../src/pager/index.js", import.meta.url).href)};
      const result = [];
      for (const mode of ["exclusive", "shared"]) {
        const disk = openDirectory(${JSON.stringify(directory)}, { create: true, readOnly: mode === "shared" });
        try { disk.lock(mode); result.push("locked"); } catch (error) { result.push(error.code, error.facts.path); }
      }
      console.log(JSON.stringify(result));`;
    const identity = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    if (!canRead(new URL("../../src/pager/index.js", import.meta.url).href, identity)) {
      fs.chmodSync(directory, 0o755);
      context.skip("another user cannot read this checkout, or not run this Node");
    }
    const child = spawnSync(process.execPath, ["--input-type=module", "--eval", program], {
      encoding: "utf8",
      ...identity,
    });
    fs.chmodSync(directory, 0o755);
    expect(child.stderr).toBe("");
    const refused = expect.stringMatching(/\/LOCK(\.guard)?$/); // Without fs-ext the guard is the first file to be made.
    expect(JSON.parse(child.stdout)).toEqual(["READONLY", refused, "locked"]);
  });

  test("a hint to sync that cannot be taken is not taken, and the sync is as good as before", () => {
    const disk = openDirectory(temporaryDirectory(), { create: false, readOnly: false });
    const file = disk.open("a", "create");
    file.write(bytesOf("x"), 0, 1, 0);
    disk.remove("a"); // there is nothing to open once more
    file.syncAhead();
    file.sync();
    expect(file.sizeBytes()).toBe(1);
    file.close();
  });

  test("a mapping shows later writes and growth", (context) => {
    const disk = openDirectory(temporaryDirectory(), { create: false, readOnly: false });
    const file = disk.open("a", "create");
    file.write(bytesOf("one"), 0, 3, 0);
    if (!hasMmap()) {
      context.skip("mmap-io is not there for this Node");
    }
    const mapping = file.map(1 << 20);
    expect(mapping).toBeDefined();
    expect(Buffer.from(mapping!.subarray(0, 3)).toString()).toBe("one");
    file.write(bytesOf("two"), 0, 3, 100_000);
    expect(Buffer.from(mapping!.subarray(100_000, 100_003)).toString()).toBe("two");
    file.close();
    expect(Buffer.from(mapping!.subarray(0, 3)).toString()).toBe("one");
  });

  test("errors of the system have path, operation, cause and advice", () => {
    const system = (code: string): Error => Object.assign(new Error(`${code}: said the system`), { code });
    const cases: [string, boolean, string][] = [
      ["ENOSPC", true, "FULL"],
      ["EDQUOT", true, "FULL"],
      ["EFBIG", true, "FULL"],
      ["EROFS", true, "READONLY"],
      ["EACCES", true, "READONLY"],
      ["EPERM", true, "READONLY"],
      ["EACCES", false, "IO"],
      ["EIO", true, "IO"],
    ];
    for (const [code, writing, expected] of cases) {
      const cause = system(code);
      const error = diskError("write", "/x/pages.000", cause, writing);
      expect(error).toMatchObject({
        code: expected,
        facts: { path: "/x/pages.000", operation: "write", system: code },
      });
      expect(error.message).toContain("cannot write /x/pages.000: ");
      expect(error.cause).toBe(cause);
    }
  });

  test.runIf(fs.existsSync("/dev/full"))("a full device is FULL", () => {
    const directory = temporaryDirectory();
    fs.symlinkSync("/dev/full", path.join(directory, "a"));
    const file = openDirectory(directory, { create: false, readOnly: false }).open("a", "write");
    expect(codeOf(() => file.write(bytesOf("x"), 0, 1, 0))).toBe("FULL");
    file.close();
  });
});
