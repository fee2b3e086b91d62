/**
 * A database at a path of which several directories were missing: only the last one's parent was synced, so that after a
 * power cut the whole database, with what it had acknowledged, could be missing.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, it, vi } from "vitest";
import { openDirectory } from "../../src/pager/index.ts";

it.skipIf(process.platform === "win32")("every directory that got a new entry is synced", () => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "nacre-regress-"));
  const names = new Map<number, string>();
  const synced: string[] = [];
  const openSync = fs.openSync;
  const fsyncSync = fs.fsyncSync;
  vi.spyOn(fs, "openSync").mockImplementation((name, ...rest) => {
    const descriptor = openSync(name, ...rest);
    names.set(descriptor, String(name));
    return descriptor;
  });
  vi.spyOn(fs, "fsyncSync").mockImplementation((descriptor) => {
    synced.push(path.relative(root, names.get(descriptor)!));
    fsyncSync(descriptor);
  });
  try {
    openDirectory(path.join(root, "a", "b", "c"), { create: true, readOnly: false });
    expect(synced.sort()).toEqual(["", "a", path.join("a", "b")]);
    synced.length = 0;
    openDirectory(path.join(root, "d"), { create: true, readOnly: false });
    expect(synced).toEqual([""]);
  } finally {
    vi.restoreAllMocks();
    fs.rmSync(root, { recursive: true });
  }
});
