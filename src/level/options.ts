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
export interface WriteOptions {
  /** true: on disk. false: written, and on disk within 100 ms. What the level was made with, unless given. */
  readonly sync?: boolean | undefined;
  /** The same in nacre's words: "sync" and "group" are on disk when the promise resolves, "relaxed" within 100 ms. */
  readonly durability?: Durability | undefined;
}

export interface LevelPutOptions<K, V> extends AbstractPutOptions<K, V>, WriteOptions {}
export interface LevelDelOptions<K> extends AbstractDelOptions<K>, WriteOptions {}
export interface LevelBatchOptions<K, V> extends AbstractBatchOptions<K, V>, WriteOptions {}
export interface LevelClearOptions<K> extends AbstractClearOptions<K>, WriteOptions {}

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

/** What `new Level` and `level.open` take for a directory of the level's own; the first six are nacre's. */
export interface LevelOpenOptions extends AbstractOpenOptions, Omit<OpenOptions, "create" | "durability"> {
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
  /** The storage engine of a map that is made; one that is there has its own. */
  readonly engine?: Engine;
}

export interface LevelOptions<K, V> extends AbstractDatabaseOptions<K, V>, HomeOptions {}

const DURABILITIES: readonly unknown[] = ["sync", "group", "relaxed"];

/** What a write asked for. Throws TypeError for a word that means nothing: it would weaken the write in silence. */
export function durabilityOf(options: WriteOptions, otherwise: Durability): Durability {
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
