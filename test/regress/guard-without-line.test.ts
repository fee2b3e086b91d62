/**
 * Without fs-ext: a full disk left a LOCK.guard without a line, for which no process could be certain to have ended. From
 * then on the database was LOCKED by "another process", and the error did not name the file to remove.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Disk, openDirectory } from "../../src/pager/index.ts";

let directory: string;

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "nacre-regress-"));
});

afterEach(() => {
  vi.restoreAllMocks();
  fs.rmSync(directory, { recursive: true });
});

function makeDisk(): Disk {
  return openDirectory(directory, { create: false, readOnly: false, useLockFile: true });
}

it("a full disk leaves no guard behind", () => {
  vi.spyOn(fs, "writeSync").mockImplementation(() => {
    throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  });
  expect(() => makeDisk().lock("exclusive")).toThrow(expect.objectContaining({ code: "FULL" }));
  vi.restoreAllMocks();
  expect(fs.existsSync(path.join(directory, "LOCK.guard"))).toBe(false);
  const disk = makeDisk();
  disk.lock("exclusive");
  disk.unlock();
});

it("a guard that a process left without a line is LOCKED, and the error says what to remove", () => {
  const guard = path.join(directory, "LOCK.guard");
  fs.writeFileSync(guard, "");
  const expected = { code: "LOCKED", message: expect.stringMatching(/LOCK\.guard.*remove that file/) };
  expect(() => makeDisk().lock("exclusive")).toThrow(expect.objectContaining(expected));
  fs.rmSync(guard);
  const disk = makeDisk();
  disk.lock("exclusive");
  disk.unlock();
});
