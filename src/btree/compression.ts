/**
 * The codecs of packed leaves: how a payload's bytes become those of its leaf's stream, and back.
 *
 *   0  stored     as they are
 *   1  deflate    without a frame of zlib's or gzip's, level 1
 *   2  zstd       level 1; where this Node has it (22.15, 23.8 and later)
 *
 * One call compresses or expands one leaf, 8 KiB at the most. What zlib does for a call besides the bytes (its state is made
 * and dropped, 5 µs) is a tenth of compressing and a third of expanding a leaf; Node has no public way to use a state again.
 */
import zlib from "node:zlib";
import { DbError } from "../errors.ts";
import { PAGE_SIZE } from "../pager/index.ts";

export type Compression = "none" | "deflate" | "zstd";

// Part of the format; never renumber.
export const CODEC_STORED = 0;
export const CODEC_DEFLATE = 1;
export const CODEC_ZSTD = 2;

/** What the types of Node 20 do not know. */
interface Zstd {
  zstdCompressSync(bytes: Uint8Array, options: { params: Record<number, number> }): Uint8Array;
  zstdDecompressSync(bytes: Uint8Array, options: object): Uint8Array;
}

/** What expanding gives with `info`: the engine knows how many bytes of the input it took. */
interface Expanded {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

const zstd: Zstd | undefined = "zstdCompressSync" in zlib ? (zlib as unknown as Zstd) : undefined;
/** ZSTD_c_compressionLevel. */
const ZSTD_LEVEL = 100;
const ZSTD_OPTIONS = { params: { [ZSTD_LEVEL]: 1 } };
/** A leaf's stream is no longer than a window of 8 KiB. */
const DEFLATE_OPTIONS = { level: 1, windowBits: 13 };

export function isZstdAvailable(): boolean {
  return zstd !== undefined;
}

export function codecOf(compression: Compression): number {
  return compression === "deflate" ? CODEC_DEFLATE : compression === "zstd" ? CODEC_ZSTD : CODEC_STORED;
}

/** Throws UNSUPPORTED for zstd where there is none. */
export function requireCodec(codec: number): void {
  if (codec === CODEC_ZSTD) {
    requireZstd();
  }
}

/** Throws UNSUPPORTED for zstd where there is none. */
export function compress(codec: number, bytes: Uint8Array): Uint8Array {
  return codec === CODEC_DEFLATE
    ? zlib.deflateRawSync(bytes, DEFLATE_OPTIONS)
    : requireZstd().zstdCompressSync(bytes, ZSTD_OPTIONS);
}

/**
 * The bytes that `payload` holds, `lengthBytes` of them; undefined if it does not hold just these. Throws UNSUPPORTED for
 * zstd where there is none.
 */
export function expand(codec: number, payload: Uint8Array, lengthBytes: number): Uint8Array | undefined {
  if (codec === CODEC_STORED) {
    return payload.length === lengthBytes ? payload : undefined;
  }
  if (codec !== CODEC_DEFLATE && codec !== CODEC_ZSTD) {
    return undefined;
  }
  const library = codec === CODEC_ZSTD ? requireZstd() : undefined;
  try {
    // In one buffer of a page; without `info`, what lies behind the end of the compressed bytes would go unseen.
    const options = { maxOutputLength: lengthBytes, chunkSize: PAGE_SIZE, info: true };
    const expanded: unknown = library?.zstdDecompressSync(payload, options) ?? zlib.inflateRawSync(payload, options);
    const { buffer, engine } = expanded as Expanded;
    return buffer.length === lengthBytes && engine.bytesWritten === payload.length ? buffer : undefined;
  } catch {
    return undefined;
  }
}

function requireZstd(): Zstd {
  if (zstd === undefined) {
    throw new DbError(
      "UNSUPPORTED",
      `pages are compressed with zstd, which Node ${process.versions.node} does not have; use Node 22.15 or later`,
      { node: process.versions.node },
    );
  }
  return zstd;
}
