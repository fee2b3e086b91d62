/** Locks, between handles of this process and with a real second one, by flock and by lock file. */
import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { DbError } from "../../src/errors.ts";
import { openDirectory } from "../../src/pager/index.ts";
import { decodeHolder, encodeHolder, type Holder, isGone, lockedError, startTimeIn } from "../../src/pager/lock.ts";

const directories: string[] = [];
const children: ChildProcess[] = [];

function temporaryDirectory(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "nacre-lock-"));
  directories.push(directory);
  return directory;
}

afterEach(() => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
  }
  for (const directory of directories.splice(0)) {
    fs.rmSync(directory, { recursive: true });
  }
});

/** Another process that holds the lock when this resolves. */
async function holdInAnotherProcess(directory: string, useLockFile: boolean): Promise<ChildProcess> {
  const program = `
    import { openDirectory } from ${JSON.stringify(new URL("../../src/pager/index.js", import.meta.url).href)};
    const options = { create: true, readOnly: false, useLockFile: ${useLockFile} };
    openDirectory(${JSON.stringify(directory)}, options).lock("exclusive");
    console.log("locked");
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  await new Promise((resolve) => child.stdout!.once("data", resolve));
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await exited;
}

function open(directory: string, useLockFile: boolean, readOnly = false): ReturnType<typeof openDirectory> {
  return openDirectory(directory, { create: true, readOnly, useLockFile });
}

function lockError(action: () => unknown): DbError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(DbError);
    return error as DbError;
  }
  throw new Error("nothing was thrown");
}

describe.each([
  { name: "flock", useLockFile: false },
  { name: "lock file", useLockFile: true },
])("locking by $name", ({ useLockFile }) => {
  test("a second handle of this process is refused, and let in after the first", () => {
    const directory = temporaryDirectory();
    const first = open(directory, useLockFile);
    first.lock("exclusive");
    const error = lockError(() => open(directory, useLockFile).lock("exclusive"));
    expect(error).toMatchObject({ code: "LOCKED", facts: { path: directory, pid: process.pid } });
    expect(error.message).toContain(`this process (pid ${process.pid})`);
    expect(lockError(() => open(directory, useLockFile, true).lock("shared")).code).toBe("LOCKED");
    first.unlock();
    const second = open(directory, useLockFile);
    second.lock("exclusive");
    second.unlock();
  });

  test("a second process is refused with the holder's pid, and let in once that was killed", async () => {
    const directory = temporaryDirectory();
    const child = await holdInAnotherProcess(directory, useLockFile);
    const error = lockError(() => open(directory, useLockFile).lock("exclusive"));
    expect(error).toMatchObject({ code: "LOCKED", facts: { pid: child.pid } });
    expect(error.message).toContain(String(child.pid));
    expect(lockError(() => open(directory, !useLockFile).lock("exclusive")).facts.pid).toBe(child.pid);
    expect(lockError(() => open(directory, useLockFile, true).lock("shared")).facts.pid).toBe(child.pid);
    await kill(child);
    const disk = open(directory, useLockFile);
    disk.lock("exclusive");
    disk.unlock();
  });

  test("readers share, and keep a writer of this process out until the last is gone", () => {
    const directory = temporaryDirectory();
    open(directory, useLockFile).lock("exclusive");
    const other = temporaryDirectory();
    const writer = open(other, useLockFile);
    writer.lock("exclusive");
    writer.unlock();
    const first = open(other, useLockFile, true);
    const second = open(other, useLockFile, true);
    first.lock("shared");
    second.lock("shared");
    expect(lockError(() => writer.lock("exclusive")).code).toBe("LOCKED");
    first.unlock();
    expect(lockError(() => writer.lock("exclusive")).code).toBe("LOCKED");
    second.unlock();
    writer.lock("exclusive");
    writer.unlock();
  });
});

describe("the lock file", () => {
  const line = (holder: Partial<Holder>): string =>
    encodeHolder({ pid: process.pid, start: "1", host: os.hostname(), by: "file", mode: "exclusive", ...holder });

  test("of a process whose pid another has now is taken over; a half-written one too", () => {
    for (const stale of [line({ start: "1" }), line({ pid: 2 ** 22 + 1 }), "", "pid=12 sta"]) {
      const directory = temporaryDirectory();
      fs.writeFileSync(path.join(directory, "LOCK"), stale);
      const disk = open(directory, true);
      disk.lock("exclusive");
      disk.unlock();
      expect(fs.readdirSync(directory)).toEqual(["LOCK"]);
    }
  });

  test("of another host is believed, and the message says what to do", () => {
    const directory = temporaryDirectory();
    fs.writeFileSync(path.join(directory, "LOCK"), line({ host: "elsewhere", pid: 12 }));
    const error = lockError(() => open(directory, true).lock("exclusive"));
    expect(error.facts).toMatchObject({ pid: 12, host: "elsewhere" });
    expect(error.message).toContain(`remove ${directory}/LOCK`);
  });

  test("a guard that a crash left behind is cleared away", () => {
    const directory = temporaryDirectory();
    fs.writeFileSync(path.join(directory, "LOCK.guard"), line({ start: "1" }));
    const disk = open(directory, true);
    disk.lock("exclusive");
    disk.unlock();
    expect(fs.readdirSync(directory)).toEqual(["LOCK"]);
  });

  test("lines are read as written, and broken ones not at all", () => {
    const holder: Holder = { pid: 12, start: "34", host: "a-b.c", by: "flock", mode: "shared" };
    expect(decodeHolder(encodeHolder(holder))).toEqual(holder);
    for (const broken of [
      "",
      "pid=12",
      encodeHolder(holder).slice(0, -1),
      "pid=x start=1 host=a by=file mode=shared\n",
    ]) {
      expect(decodeHolder(broken)).toBeUndefined();
    }
  });

  test("a process is gone only when that is certain", () => {
    const holder: Holder = { pid: 12, start: "34", host: "here", by: "file", mode: "exclusive" };
    const gone = (state: { running: boolean; start: string }, host = "here"): boolean => isGone(holder, host, state);
    expect(gone({ running: false, start: "0" })).toBe(true);
    expect(gone({ running: true, start: "35" })).toBe(true);
    expect(gone({ running: true, start: "34" })).toBe(false);
    expect(gone({ running: true, start: "0" })).toBe(false);
    expect(gone({ running: false, start: "0" }, "there")).toBe(false);
    expect(lockedError("/x", undefined, "here").message).toContain("another process");
  });

  test("the start time is found behind a name with spaces and brackets", () => {
    const fields = Array.from({ length: 48 }, (_, i) => String(i + 4));
    expect(startTimeIn(`12 (a b) c) S ${fields.join(" ")}`)).toBe("22");
  });
});
