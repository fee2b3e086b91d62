/** What a level is opened with, and its operations called with. */
import type {
  AbstractBatchDelOperation,
  AbstractBatchOptions,
  AbstractBatchPutOperation,
  AbstractClearOptions,
  AbstractDatabaseOptions,
  AbstractDelOptions,
  AbstractOpenOptions,
  AbstractPutOptions,
} from "abstract-level";
import type { Durability, OpenOptions } from "../mvcc/index.ts";
import type { Engine } from "./entries.ts";
import type { AnyLevel } from "./operation.ts";

/** How durable a write is when its promise resolves. */
export interface LevelWriteOptions {
  /** true: on disk. false: written, and on disk within 100 ms. What the level was made with, unless given. */
  readonly sync?: boolean | undefined;
  /** The same in nacre's words: "sync" and "group" are on disk when the promise resolves, "relaxed" within 100 ms. */
  readonly durability?: Durability | undefined;
}

export interface LevelPutOptions<K, V> extends AbstractPutOptions<K, V>, LevelWriteOptions {}
export interface LevelDelOptions<K> extends AbstractDelOptions<K>, LevelWriteOptions {}
export interface LevelBatchOptions<K, V> extends AbstractBatchOptions<K, V>, LevelWriteOptions {}
export interface LevelClearOptions<K> extends AbstractClearOptions<K>, LevelWriteOptions {}

/**
 * An operation of a batch: on the level, or on the one that `sublevel` names, with keys and values of that one: a sublevel,
 * another level of the same database, or a sublevel of that.
 */
export type LevelBatchOperation<K, V> =
  | Own<AbstractBatchPutOperation<unknown, K, V>>
  | Own<AbstractBatchDelOperation<unknown, K>>
  | PlacedPut
  | PlacedDel;

type Own<Operation> = Omit<Operation, "sublevel"> & { readonly sublevel?: AnyLevel | undefined };

interface PlacedPut extends PlacedKey {
  readonly type: "put";
  readonly value: unknown;
  readonly valueEncoding?: string | object | undefined;
}

interface PlacedDel extends PlacedKey {
  readonly type: "del";
}

interface PlacedKey {
  readonly key: unknown;
  readonly keyEncoding?: string | object | undefined;
  readonly sublevel: AnyLevel;
}

/** What `level.open` takes: abstract-level's options, and for a directory of the level's own those of nacre's `open`. */
export interface LevelOpenOptions extends AbstractOpenOptions, Omit<OpenOptions, "create" | "durability" | "engine"> {
  /**
   * What a write is when its promise resolves: "relaxed" (the default, and LevelDB's way) is written and on disk within
   * 100 ms, so that a killed process loses nothing and a lost machine the last moments; "sync" is on disk. Each write
   * may choose for itself (`sync`). A level in a database that is open already goes by that database's durability.
   */
  readonly durability?: Durability;
}

/** What is settled when a level is made: which map it is, and what it is opened with unless `open` says otherwise. */
export interface HomeOptions extends Omit<LevelOpenOptions, "passive"> {
  /** The map that holds the entries; "level" in a directory of the level's own, unless given. */
  readonly map?: string;
  /** The storage engine of a map that is made. One that is there keeps its own: opening it as another is LEVEL_INVALID. */
  readonly engine?: Engine;
}

/** What `new Level` takes for a directory of the level's own. */
export interface LevelOptions<K, V> extends AbstractDatabaseOptions<K, V>, HomeOptions {}

/** What it takes for a level in a database, which was opened with all the others. */
export interface SharedLevelOptions<K, V>
  extends AbstractDatabaseOptions<K, V>,
    Pick<HomeOptions, "createIfMissing" | "errorIfExists" | "durability" | "engine"> {
  /** The map that holds the entries. */
  readonly map: string;
}

const DURABILITIES: readonly unknown[] = ["sync", "group", "relaxed"];

/** What a write asked for. Throws TypeError for a word that means nothing: it would weaken the write in silence. */
export function durabilityOf(options: LevelWriteOptions, otherwise: Durability): Durability {
  const { sync, durability } = options;
  if (durability !== undefined) {
    return checkDurability(durability);
  }
  return sync === undefined || sync === null ? otherwise : sync ? "sync" : "relaxed";
}

export function checkDurability(durability: Durability): Durability {
  if (!DURABILITIES.includes(durability)) {
    throw new TypeError(`The option 'durability' is "sync", "group" or "relaxed", not ${JSON.stringify(durability)}`);
  }
  return durability;
}

const OPEN_OPTIONS = [
  "durability",
  "readOnly",
  "backend",
  "cacheBytes",
  "segmentBytes",
  "compactionBytesPerSecond",
  "retainLogBytes",
  "snapshotMemoryBytes",
  "maxTransactionBytes",
] as const satisfies readonly (keyof OpenOptions)[];

/** Throws TypeError for what a database that is open was opened with: for a level in it, it would mean nothing. */
export function checkShared(options: Omit<OpenOptions, "create">): void {
  for (const name of OPEN_OPTIONS) {
    if (name !== "durability" && options[name] !== undefined) {
      throw new TypeError(
        `The option '${name}' is for opening a database, and the one that this level lives in is open`,
      );
    }
  }
}

/** Those of the options that are for nacre's `open`. */
export function openOptions(options: Omit<OpenOptions, "create">): OpenOptions {
  const picked: Record<string, unknown> = {};
  for (const name of OPEN_OPTIONS) {
    if (options[name] !== undefined) {
      picked[name] = options[name];
    }
  }
  return picked;
}

/** The others, for abstract-level: its own, and what hooks may look for. */
export function otherOptions<K, V>(options: LevelOptions<K, V>): AbstractDatabaseOptions<K, V> {
  const others: Record<string, unknown> = { ...options };
  for (const name of [...OPEN_OPTIONS, "map", "engine"]) {
    delete others[name];
  }
  return others;
}
