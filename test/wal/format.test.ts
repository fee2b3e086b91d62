/** The bytes on disk, against the worked example in the README. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { MemoryDisk } from "../../src/pager/index.ts";
import { Log, OP_KIND_PUT, opKeyOffset, opValueOffset } from "../../src/wal/index.ts";
import { checkoutRoot } from "../support/source-tree.ts";

const SALT = [0x5eed1234, 0x0badcafe];

it("a segment with one record is the README's worked example", () => {
  const disk = new MemoryDisk();
  let drawn = 0;
  const rng = { next: () => SALT[drawn++ % 2]! };
  const log = Log.open(disk, { firstSegment: 1, baseCommit: 0, segmentBytes: 16384, rng, onRecord: () => {} });
  log.beginRecord();
  const op = log.reserveOp(OP_KIND_PUT, 5, 3, 100, 0);
  const { u8, u32 } = log.active;
  u8.set(Buffer.from("ada"), opKeyOffset(u32, op));
  u8.set(Buffer.from("42"), opValueOffset(u32, op));
  log.finishOp(op, 2);
  log.endRecord(0, 1_700_000_000_000);

  const file = disk.open("wal.0000000001", "read");
  const bytes = new Uint8Array(log.active.end);
  file.read(bytes, 0, bytes.length, 0);
  expect(hexLines(bytes)).toEqual(readmeLines());
});

function hexLines(bytes: Uint8Array): string[] {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = Array.from(bytes.subarray(at, at + 16), (byte) => byte.toString(16).padStart(2, "0"));
    lines.push(`${at.toString(16).padStart(2, "0")}  ${row.join(" ")}`);
  }
  return lines;
}

function readmeLines(): string[] {
  const text = readFileSync(join(checkoutRoot(), "src/wal/README.md"), "utf8");
  return [...text.matchAll(/^[0-9a-f]{2} {2}(?:[0-9a-f]{2} )*[0-9a-f]{2}(?= {3})/gm)].map((match) => match[0]);
}
