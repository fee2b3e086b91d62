/** With segments whose size is no power of two, a transaction was FULL below the limit that the error names. */
import { expect, it } from "vitest";
import { MemoryDisk } from "../../src/pager/index.ts";
import { MAX_OVERSIZED_BYTES } from "../../src/wal/index.ts";
import { appendOp, openLog } from "../wal/log-fixture.ts";

const MEBIBYTE = 1024 * 1024;

it("a record grows up to the limit, whatever the size of a segment", () => {
  const { log } = openLog(new MemoryDisk(), { segmentBytes: 48 * MEBIBYTE });
  log.beginRecord();
  appendOp(log, "a", "1");
  log.makeRoom(400 * MEBIBYTE);
  expect(log.active.capacity).toBe(768 * MEBIBYTE);
  log.makeRoom(900 * MEBIBYTE);
  expect(log.active.capacity).toBe(MAX_OVERSIZED_BYTES);
  expect(() => log.makeRoom(MAX_OVERSIZED_BYTES)).toThrow(expect.objectContaining({ code: "FULL" }));
  log.abortRecord();
  log.close();
});
