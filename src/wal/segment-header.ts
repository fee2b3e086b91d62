/**
 * The first 64 bytes of a segment's file, written once and synced before the file gets its name as part of the log.
 *
 *     +0   "NACRELOG"
 *     +8   u32  format version            +12  u32  segment number
 *     +16  u32  base commit, low          +20  u32  high
 *     +24  u32  the previous segment's end offset, 0 if there was none in the log
 *     +28  u32  the previous segment's final CRC
 *     +32  u32  salt, low                 +36  u32  high
 *     +40  u32  capacity in bytes         +44  u32  size of the file when this was written
 *     +48  zeros
 *     +60  u32  CRC-32 of [0, 60)
 *
 * A segment's header is written after everything in the segment before it was synced, so it proves that segment complete
 * up to the end that it names (W4). The low half of the salt is the initial value of the CRC of every record (W2).
 */
import { crc32 } from "node:zlib";
import { highWord, joinWords, lowWord } from "../bytes.ts";
import { DbError } from "../errors.ts";
import type { LogBytes } from "./record.ts";

export const SEGMENT_HEADER_BYTES = 64;
/** Raised with every change that an older nacre cannot read. */
export const LOG_FORMAT_VERSION = 1;

const MAGIC = new TextEncoder().encode("NACRELOG");
const VERSION = 8;
const NUMBER = 12;
const BASE_COMMIT = 16;
const PREVIOUS_END = 24;
const PREVIOUS_CRC = 28;
const SALT = 32;
const CAPACITY = 40;
const FILE_BYTES = 44;
const CRC = 60;

export interface SegmentHeader {
  readonly number: number;
  readonly baseCommit: number;
  readonly previousEnd: number;
  readonly previousCrc: number;
  readonly saltLow: number;
  readonly saltHigh: number;
  readonly capacity: number;
  /** The file is never smaller, unless it was cut. */
  readonly fileBytes: number;
}

/** Writes the header at the start of `bytes` and returns its CRC, the predecessor of the first record's. */
export function encodeSegmentHeader(bytes: LogBytes, header: SegmentHeader): number {
  const { u8, u32 } = bytes;
  u8.fill(0, 0, SEGMENT_HEADER_BYTES);
  u8.set(MAGIC, 0);
  u32[VERSION / 4] = LOG_FORMAT_VERSION;
  u32[NUMBER / 4] = header.number;
  u32[BASE_COMMIT / 4] = lowWord(header.baseCommit);
  u32[BASE_COMMIT / 4 + 1] = highWord(header.baseCommit);
  u32[PREVIOUS_END / 4] = header.previousEnd;
  u32[PREVIOUS_CRC / 4] = header.previousCrc;
  u32[SALT / 4] = header.saltLow;
  u32[SALT / 4 + 1] = header.saltHigh;
  u32[CAPACITY / 4] = header.capacity;
  u32[FILE_BYTES / 4] = header.fileBytes;
  const crc = crc32(u8.subarray(0, CRC));
  u32[CRC / 4] = crc;
  return crc;
}

export function segmentHeaderCrc(u32: Uint32Array): number {
  return u32[CRC / 4]!;
}

/** Reads and verifies the header of segment `number`: CORRUPT, or UNSUPPORTED for a newer format. */
export function decodeSegmentHeader(u8: Uint8Array, u32: Uint32Array, number: number, file: string): SegmentHeader {
  if (u8.length < SEGMENT_HEADER_BYTES || MAGIC.some((byte, at) => u8[at] !== byte)) {
    throw corruptHeader(file, "does not begin with a log segment's header");
  }
  if (crc32(u8.subarray(0, CRC)) !== u32[CRC / 4]!) {
    throw corruptHeader(file, "has a damaged header: its checksum does not match");
  }
  const version = u32[VERSION / 4]!;
  if (version > LOG_FORMAT_VERSION) {
    throw new DbError(
      "UNSUPPORTED",
      `${file} was written in log format ${version}; this nacre reads up to ${LOG_FORMAT_VERSION}: use a newer nacre`,
      { file, version, supported: LOG_FORMAT_VERSION },
    );
  }
  if (u32[NUMBER / 4] !== number) {
    throw corruptHeader(file, `holds segment ${u32[NUMBER / 4]}, not ${number} as its name says`);
  }
  return {
    number,
    baseCommit: joinWords(u32[BASE_COMMIT / 4]!, u32[BASE_COMMIT / 4 + 1]!),
    previousEnd: u32[PREVIOUS_END / 4]!,
    previousCrc: u32[PREVIOUS_CRC / 4]!,
    saltLow: u32[SALT / 4]!,
    saltHigh: u32[SALT / 4 + 1]!,
    capacity: u32[CAPACITY / 4]!,
    fileBytes: u32[FILE_BYTES / 4]!,
  };
}

function corruptHeader(file: string, what: string): DbError {
  return new DbError("CORRUPT", `log segment ${file} ${what}; restore it from a backup`, { file, offset: 0 });
}
