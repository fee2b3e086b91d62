/** A log file that something had made longer than 2 GiB failed to open with an assertion: its length became a negative one. */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openDirectory } from "../../src/pager/index.ts";
import { append, openLog } from "../wal/log-fixture.ts";

let directory: string;

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "nacre-regress-"));
});

afterEach(() => {
  fs.rmSync(directory, { recursive: true });
});

it.each([2 ** 31, 2 ** 32 - 4096, 20 * 2 ** 30])(
  "a log file of %d bytes is read as far as its segment goes",
  (bytes) => {
    const disk = openDirectory(directory, { create: false, readOnly: false });
    const { log } = openLog(disk);
    append(log, [["a", "1"]]);
    log.close();
    fs.truncateSync(path.join(directory, "wal.0000000001"), bytes);
    const reopened = openLog(disk);
    expect(reopened.records.map(({ entries }) => entries)).toEqual([[["a", "1"]]]);
    reopened.log.close();
  },
);
