/**
 * What the benchmark asks of a database, so that every workload is one loop for all.
 *
 * Each engine answers in the way that is fastest for it among those that its users would choose: what it hands out are
 * bytes that the caller may keep, and keys and values are Buffers, made before the clock runs. A call that has work to
 * wait for returns a promise; synchronous engines return undefined, and nobody waits for them.
 *
 * Two modes:
 *   relaxed   a commit is atomic and seen by later reads; it reaches the disk when the system likes
 *   durable   a commit is on disk (fdatasync or what amounts to it) before it is acknowledged
 */
export type Mode = "relaxed" | "durable";

/** What values are like: an engine that can compress does so where there is something to gain. */
export type Data = "random" | "compressible";

export const ENGINE_NAMES = ["nacre", "nacre-lsm", "lmdb", "node-lmdb", "classic-level", "better-sqlite3"] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];

/** The engines of nacre itself; the others are its peers. */
export type OwnEngine = "nacre" | "nacre-lsm";

export function isOwn(name: EngineName): name is OwnEngine {
  return name === "nacre" || name === "nacre-lsm";
}

export interface Engine {
  readonly name: EngineName;
  open(directory: string, mode: Mode): Promise<void> | undefined;
  close(): Promise<void> | undefined;
  /** One commit that puts `keys[from..to)`. The engine may not look at the arrays after it has answered. */
  put(keys: readonly Buffer[], values: readonly Buffer[], from: number, to: number): Promise<void> | undefined;
  /** One commit that deletes `keys[from..to)`. */
  delete(keys: readonly Buffer[], from: number, to: number): Promise<void> | undefined;
  /** One commit that deletes every key from `gte` on and before `lt`. */
  deleteRange(gte: Buffer, lt: Buffer): Promise<void> | undefined;
  get(key: Buffer): Uint8Array | undefined;
  /** Hands every entry to the tally, in key order. */
  scan(tally: Tally): Promise<void> | undefined;
  /** The first `limit` entries from `key` on. */
  range(key: Buffer, limit: number, tally: Tally): Promise<void> | undefined;
  /** One put, acknowledged when it is on disk (in durable mode). */
  commit(key: Buffer, value: Buffer): Promise<void> | undefined;
  /** The same while others are on their way. An engine without asynchronous commits does them one after the other. */
  commitConcurrently(key: Buffer, value: Buffer): Promise<void> | undefined;
  /**
   * Resolves when the engine has done what it does by itself, beside its caller, with what was committed: checkpoints,
   * flushes, compactions. The answer is the moment (of `performance.now()`) at which the last of it ended, which may lie
   * before the one at which that is known.
   */
  idle(): Promise<number>;
}

/** Takes what a scan hands out, and looks at it, so that a lazy view is not mistaken for a read. */
export class Tally {
  entries: number;
  bytes: number;
  /** Of the first byte of every key and value. */
  sum: number;

  constructor() {
    this.entries = 0;
    this.bytes = 0;
    this.sum = 0;
  }

  add(key: Uint8Array, value: Uint8Array): void {
    this.entries++;
    this.bytes += key.length + value.length;
    this.sum += key[0]! + value[0]!;
  }
}
