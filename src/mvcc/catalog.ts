/**
 * Which keyspaces exist: keyspace 0 maps a name to its description, and this is the same in memory.
 *
 * Creating or dropping a keyspace is a put or delete in keyspace 0, logged, replayed, checkpointed and rolled back like
 * any other; the catalog follows by watching the operations of each commit that touched it (M6). Ids are never used
 * twice: the entry under NEXT_ID_KEY holds the next free one. A bulk load leaves a note here, too: the log does not have
 * what was loaded, and whoever compares commits by the log alone has to know.
 */
import { DbError } from "../errors.ts";
import { checkLsmSettings, DEFAULT_LSM_SETTINGS, type LsmSettings } from "../lsm/index.ts";
import type { Segment } from "../wal/index.ts";
import { OP_KIND_PUT, opCommit, opKeyLength, opKeyOffset, opKind, opValueLength, opValueOffset } from "../wal/index.ts";
import { canMerge, type MergeKind, type MergeName } from "./merge-operator.ts";
import { isWellFormed } from "./text.ts";

// Part of the format; never renumber.
export const CATALOG_KEYSPACE = 0;
export const DEADLINE_KEYSPACE = 1;
const FIRST_USER_KEYSPACE = 16;
/** Ids are u32; half of them are kept back from copies, so that new maps always find one. */
const MAX_WANTED_ID = 0x7fff_ffff;
const MAX_ID = 0xffff_ffff;

/** No keyspace name is empty, so the empty key is free for this. */
const NEXT_ID_KEY = new Uint8Array(0);
/**
 * The first byte, which no UTF-8 holds, of keys that tell when a keyspace was loaded past the log: its id follows, u32
 * big-endian; the value is the number of the commit under which what was loaded became visible. Part of the format.
 */
const LOADED_MARK = 0xff;
const MAX_NAME_BYTES = 512;

export type EngineKind = "btree" | "lsm";
export const ENGINES: readonly EngineKind[] = ["btree", "lsm"];

/** What a keyspace is made as; it stays so. */
export interface KeyspaceDescription {
  readonly engine: EngineKind;
  /** How keys and values are encoded; the catalog only keeps it. */
  readonly key: string;
  readonly value: string;
  /** With the engine "lsm". */
  readonly lsm?: LsmSettings;
  /** The name of its merge operator (merge-operator.ts). */
  readonly merge?: MergeName;
}

/** What a checkpoint has to know of a keyspace. */
export interface KeyspaceKind {
  /** Undefined: it is a B+tree. */
  readonly lsm: LsmSettings | undefined;
  /** Undefined: no operands are merged. */
  readonly merge: MergeKind | undefined;
}

export interface KeyspaceInfo extends KeyspaceDescription {
  readonly id: number;
  readonly name: string;
  /** Its data is gone, or was never committed: handles on it refuse to work. */
  isDropped: boolean;
}

export interface CatalogEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

export class Catalog {
  readonly #byName: Map<string, KeyspaceInfo>;
  readonly #byId: Map<number, KeyspaceInfo>;
  /** Described, and not committed yet. */
  readonly #planned: Map<number, KeyspaceInfo>;
  /** Keyspaces that were loaded past the log, and the commits at which that became visible. */
  readonly #loads: Map<number, number>;
  #lastLoad: number;
  #nextId: number;
  /** The same as of the last commit. */
  #storedNextId: number;
  /** Ids from here on that are not in `#spent` were never anybody's. */
  #unspentFrom: number;
  readonly #spent: Set<number>;
  #changedAt: number;

  constructor() {
    this.#byName = new Map();
    this.#byId = new Map();
    this.#planned = new Map();
    this.#loads = new Map();
    this.#lastLoad = 0;
    this.#nextId = FIRST_USER_KEYSPACE;
    this.#storedNextId = FIRST_USER_KEYSPACE;
    this.#unspentFrom = FIRST_USER_KEYSPACE;
    this.#spent = new Set();
    this.#changedAt = 0;
  }

  /** Keyspaces from here on are newer than what it has seen. Only copies of others are made below. */
  get newFrom(): number {
    return this.#storedNextId;
  }

  /** The last commit in the log that changed it: for readers from there on it is what `find` says. */
  get changedAt(): number {
    return this.#changedAt;
  }

  find(name: string): KeyspaceInfo | undefined {
    return this.#byName.get(name);
  }

  byId(id: number): KeyspaceInfo | undefined {
    return this.#byId.get(id);
  }

  /** Whether a keyspace that there was, or that was to be, is not there any more. */
  isDropped(id: number): boolean {
    return id >= FIRST_USER_KEYSPACE && !this.#byId.has(id) && !this.#planned.has(id);
  }

  all(): KeyspaceInfo[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Every keyspace there is by its id, nacre's own included. */
  kinds(): Map<number, KeyspaceKind> {
    const kinds = new Map<number, KeyspaceKind>([
      [CATALOG_KEYSPACE, TREE],
      [DEADLINE_KEYSPACE, TREE],
    ]);
    for (const { id, lsm, merge, value } of this.#byId.values()) {
      const isPlain = lsm === undefined && merge === undefined;
      kinds.set(id, isPlain ? TREE : { lsm, merge: merge === undefined ? undefined : { name: merge, value } });
    }
    return kinds;
  }

  /**
   * The two entries to write for a new keyspace, and what it will be. Its id is spent even if the commit never comes. With
   * `wantedId`, a copy gets the id that its original has. Throws INVALID where anything has or had it.
   */
  plan(
    name: string,
    description: KeyspaceDescription,
    wantedId?: number,
  ): { info: KeyspaceInfo; entries: CatalogEntry[] } {
    checkName(name);
    if (wantedId !== undefined) {
      this.#checkFree(wantedId, name);
    }
    const id = wantedId ?? this.#nextId;
    const info: KeyspaceInfo = { id, name, ...description, isDropped: false };
    this.#nextId = Math.max(this.#nextId, info.id + 1);
    this.#spent.add(info.id);
    this.#planned.set(info.id, info);
    return {
      info,
      entries: [
        { key: encodeName(name), value: encodeJson({ id, ...description }) },
        { key: NEXT_ID_KEY, value: encodeJson(this.#nextId) },
      ],
    };
  }

  planDrop(name: string): CatalogEntry[] {
    const entries: CatalogEntry[] = [{ key: encodeName(name), value: undefined }];
    const info = this.#byName.get(name);
    if (info !== undefined && this.#loads.has(info.id)) {
      entries.push({ key: encodeLoaded(info.id), value: undefined });
    }
    return entries;
  }

  /** The entry to write, in the commit of that number, for a keyspace that was loaded past the log. */
  planLoad(info: KeyspaceInfo, commit: number): CatalogEntry {
    return { key: encodeLoaded(info.id), value: encodeJson(commit) };
  }

  /** The commit with which the keyspace's bulk load became visible; 0 where there was none. */
  loadedAt(id: number): number {
    return this.#loads.get(id) ?? 0;
  }

  /**
   * The newest of them all, whether its map is still there or not: unless the last checkpoint is as new, pages hold what
   * came with it, and so more than the checkpoint's commit.
   */
  get lastLoad(): number {
    return this.#lastLoad;
  }

  /** The plan was rolled back. */
  forget(info: KeyspaceInfo): void {
    info.isDropped = this.#planned.delete(info.id);
  }

  /** Follows one operation of keyspace 0. */
  apply(segment: Segment, op: number): void {
    this.#changedAt = opCommit(segment, op);
    const key = opKeyOffset(segment.u32, op);
    const keyBytes = segment.u8.slice(key, key + opKeyLength(segment.u32, op));
    if (opKind(segment.u32, op) === OP_KIND_PUT) {
      const value = opValueOffset(segment.u32, op);
      this.load(keyBytes, segment.u8.slice(value, value + opValueLength(segment.u32, op)));
    } else if (keyBytes[0] === LOADED_MARK) {
      this.#loads.delete(loadedId(keyBytes));
    } else {
      this.#remove(decodeName(keyBytes));
    }
  }

  /** Takes in one entry of keyspace 0. */
  load(key: Uint8Array, value: Uint8Array): void {
    if (key.length === 0) {
      this.#spendUpTo(decodeJson<number>(value));
      return;
    }
    if (key[0] === LOADED_MARK) {
      const commit = decodeJson<number>(value);
      this.#loads.set(loadedId(key), commit);
      this.#lastLoad = Math.max(this.#lastLoad, commit);
      return;
    }
    const name = decodeName(key);
    const described = decodeDescription(name, value);
    const info = this.#planned.get(described.id) ?? described;
    this.#planned.delete(info.id);
    this.#remove(name);
    this.#byName.set(name, info);
    this.#byId.set(info.id, info);
    this.#spendUpTo(info.id + 1);
  }

  /** From what is stored; which of the ids before were left out is not. */
  #spendUpTo(nextId: number): void {
    this.#storedNextId = Math.max(this.#storedNextId, nextId);
    if (nextId > this.#nextId) {
      this.#nextId = nextId;
      this.#unspentFrom = nextId;
    }
  }

  #checkFree(id: number, name: string): void {
    if (!Number.isSafeInteger(id) || id < FIRST_USER_KEYSPACE || id > MAX_WANTED_ID) {
      throw new DbError("INVALID", `a map's id is ${FIRST_USER_KEYSPACE} to ${MAX_WANTED_ID}, not ${id}`, {
        map: name,
      });
    }
    const holder = this.#byId.get(id)?.name;
    if (holder !== undefined) {
      throw new DbError("INVALID", `the map ${name} cannot have the id ${id}, which ${holder} has`, { map: name, id });
    }
    if (id < this.#unspentFrom || this.#spent.has(id)) {
      throw new DbError(
        "INVALID",
        `the map ${name} cannot have the id ${id}, which an earlier map may have had; copy it into a new database`,
        { map: name, id },
      );
    }
  }

  #remove(name: string): void {
    const info = this.#byName.get(name);
    if (info !== undefined) {
      info.isDropped = true;
      this.#byName.delete(name);
      this.#byId.delete(info.id);
    }
  }
}

const TREE: KeyspaceKind = { lsm: undefined, merge: undefined };

/** The keyspace whose bulk load the catalog's entry of this key tells of; undefined for other entries. */
export function loadedKeyspace(key: Uint8Array): number | undefined {
  return key[0] === LOADED_MARK ? loadedId(key) : undefined;
}

function encodeLoaded(id: number): Uint8Array {
  const key = new Uint8Array(5);
  key[0] = LOADED_MARK;
  new DataView(key.buffer).setUint32(1, id);
  return key;
}

function loadedId(key: Uint8Array): number {
  if (key.length !== 5) {
    throw new DbError("CORRUPT", "an entry of the catalog has a key of the wrong length; restore from a backup");
  }
  return new DataView(key.buffer, key.byteOffset).getUint32(1);
}

function checkName(name: string): void {
  if (typeof name !== "string" || name.length === 0) {
    throw new DbError("INVALID", "a map needs a name: a string that is not empty");
  }
  // UTF-8 would hold another name in its place, and so might another map's.
  if (!isWellFormed(name)) {
    throw new DbError("INVALID", "a map's name holds half a surrogate pair, which UTF-8 cannot hold");
  }
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw new DbError("INVALID", `a map's name may have ${MAX_NAME_BYTES} bytes`, {
      bytes: Buffer.byteLength(name),
      limit: MAX_NAME_BYTES,
    });
  }
}

/** A keyspace from its entry. Throws CORRUPT. */
export function decodeDescription(name: string, value: Uint8Array): KeyspaceInfo {
  const described = decodeJson<Omit<KeyspaceInfo, "name" | "isDropped"> | null>(value);
  if (described === null || !isDescription(described)) {
    throw new DbError(
      "CORRUPT",
      `the catalog's entry of ${name} describes no map; restore the database from a backup`,
      {
        map: name,
      },
    );
  }
  return { ...described, name, isDropped: false };
}

function isDescription({ id, engine, key, value, lsm, merge }: Omit<KeyspaceInfo, "name" | "isDropped">): boolean {
  return (
    Number.isInteger(id) &&
    id >= FIRST_USER_KEYSPACE &&
    id <= MAX_ID &&
    typeof key === "string" &&
    typeof value === "string" &&
    (engine === "lsm" ? areSettings(lsm) : engine === "btree" && lsm === undefined) &&
    (merge === undefined || canMerge(merge, value))
  );
}

/** Also those that this Node lacks the compression for: who reads such pages is told. */
function areSettings(lsm: LsmSettings | undefined): boolean {
  if (
    lsm === undefined ||
    lsm === null ||
    !Object.keys(DEFAULT_LSM_SETTINGS).every((name) => Object.hasOwn(lsm, name))
  ) {
    return false;
  }
  try {
    checkLsmSettings(lsm);
    return true;
  } catch (error) {
    return error instanceof DbError && error.code === "UNSUPPORTED";
  }
}

export function encodeName(name: string): Uint8Array {
  return Buffer.from(name, "utf8");
}

function decodeName(key: Uint8Array): string {
  return Buffer.from(key).toString("utf8");
}

function encodeJson(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value), "utf8");
}

function decodeJson<T>(bytes: Uint8Array): T {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8")) as T;
  } catch (cause) {
    throw new DbError(
      "CORRUPT",
      "an entry of the catalog is not JSON; restore the database from a backup",
      {},
      { cause },
    );
  }
}
