/** How a map is asked for by name: the one `map` function that the database, transactions and snapshots share. */
import { DbError } from "../errors.ts";
import { checkLsmSettings, type LsmSettings } from "../lsm/index.ts";
import { ENGINES, type EngineKind, type KeyspaceDescription, type KeyspaceInfo } from "./catalog.ts";
import type { Context } from "./context.ts";
import { type CustomCodec, isCustomCodec, isKeyKind, type KeyKind, type KeyOf, keyCodec } from "./key-codec.ts";
import { DbMap } from "./map.ts";
import { type AnyMergeOption, combineFor, combineWith, type MergeOption, mergeNameOf } from "./merge-operator.ts";
import type { Store } from "./store.ts";
import { isValueKind, type ValueCodec, type ValueKind, type ValueOf, valueCodec } from "./value-codec.ts";

/** How a map is kept: it stays so, and asking for it again needs none of this. */
export interface KeepingOptions {
  /**
   * The storage engine: "btree" (unless given) reads faster and finds counts and ranks at once; "lsm" takes sustained random
   * writes, and is smaller on the disk.
   */
  readonly engine?: EngineKind;
  /** Settings of the engine "lsm". */
  readonly lsm?: Partial<LsmSettings>;
}

export interface MapOptions<
  K extends KeyKind | CustomCodec<unknown> = KeyKind,
  V extends ValueKind | CustomCodec<unknown> = ValueKind,
  Json = unknown,
> extends KeepingOptions {
  /** What keys are: "string" unless given. */
  readonly key?: K;
  /** What values are: "json" unless given. */
  readonly value?: V;
  /**
   * What `merge` does: "counter" adds numbers, "max" keeps the larger, "append" puts arrays, strings or bytes one behind the
   * other; or an associative function of two values, the older and the newer one. Such a map takes no deadlines.
   */
  readonly merge?: MergeOption<V, Json>;
}

/** The keys of a map whose options name no kind of key are strings; `Json` is the type of its JSON values. */
type MapFor<K, V, Json> = DbMap<KeyOf<K>, ValueOf<V, Json>>;

/**
 * A map by name, made where it is not there yet. What its keys and values are is stored with it: asking for an existing
 * map with other kinds is INVALID, and asking without options takes those that it has.
 *
 *     db.map<User>("users")                                  string keys, JSON values of type User
 *     db.map<Point>("points", { key: "number" })             number keys
 *     db.map("blobs", { key: "tuple", value: "bytes" })      tuples to Uint8Array
 */
export interface OpenMap {
  <Json = unknown>(name: string, options?: MapOptions<"string", "json", Json>): MapFor<"string", "json", Json>;
  <Json = unknown>(
    name: string,
    options: MapOptions<"number", "json", Json> & { readonly key: "number" },
  ): MapFor<"number", "json", Json>;
  <Json = unknown>(
    name: string,
    options: MapOptions<"bigint", "json", Json> & { readonly key: "bigint" },
  ): MapFor<"bigint", "json", Json>;
  <Json = unknown>(
    name: string,
    options: MapOptions<"bytes", "json", Json> & { readonly key: "bytes" },
  ): MapFor<"bytes", "json", Json>;
  <Json = unknown>(
    name: string,
    options: MapOptions<"tuple", "json", Json> & { readonly key: "tuple" },
  ): MapFor<"tuple", "json", Json>;
  <V extends ValueKind | CustomCodec<unknown>>(
    name: string,
    options: MapOptions<"string", V> & { readonly value: V },
  ): MapFor<"string", V, unknown>;
  <K extends CustomCodec<unknown>, Json = unknown>(
    name: string,
    options: MapOptions<K, "json", Json> & { readonly key: K },
  ): MapFor<K, "json", Json>;
  <K extends KeyKind | CustomCodec<unknown>, V extends ValueKind | CustomCodec<unknown> = "json">(
    name: string,
    options: MapOptions<K, V> & { readonly key: K },
  ): MapFor<K, V, unknown>;
}

interface AnyOptions extends KeepingOptions {
  readonly key?: KeyKind | CustomCodec<unknown>;
  readonly value?: ValueKind | CustomCodec<unknown>;
  readonly merge?: AnyMergeOption;
}

interface OpenedMap {
  readonly map: DbMap<unknown, unknown>;
  readonly info: KeyspaceInfo | undefined;
  readonly key: AnyOptions["key"];
  readonly value: AnyOptions["value"];
  readonly lsm: AnyOptions["lsm"];
  readonly merge: AnyOptions["merge"];
}

/** A map of bytes over any keyspace that is there, whatever its own codecs: for dumps, copies and frontends. */
export function rawMap(store: Store, context: Context, name: string): DbMap<Uint8Array, Uint8Array> {
  const info = store.catalog.find(name);
  if (info === undefined) {
    throw new DbError("INVALID", `there is no map ${name}`, { map: name });
  }
  const values = valueCodec("bytes");
  knowOperator(store, info, {}, values);
  return new DbMap(name, context, store.clock, store.waiters, info, keyCodec("bytes"), values);
}

/** The `map` function of one context. It hands out the same object for the same question while the map is there. */
export function mapOpener(store: Store, context: Context): OpenMap {
  const opened = new Map<string, OpenedMap>();
  function openMap(name: string, options: AnyOptions = {}): DbMap<unknown, unknown> {
    const known = opened.get(name);
    if (
      known?.info !== undefined &&
      !known.info.isDropped &&
      known.key === options.key &&
      known.value === options.value &&
      (options.engine === undefined || options.engine === known.info.engine) &&
      options.lsm === known.lsm &&
      options.merge === known.merge
    ) {
      return known.map;
    }
    const made = makeMap(store, context, name, options);
    opened.set(name, { ...made, key: options.key, value: options.value, lsm: options.lsm, merge: options.merge });
    return made.map;
  }
  return openMap as OpenMap;
}

function makeMap(
  store: Store,
  context: Context,
  name: string,
  options: AnyOptions,
): { map: DbMap<unknown, unknown>; info: KeyspaceInfo | undefined } {
  // Before anything is made: a kind that there is not would stay with the map for good.
  checkKeeping(name, options);
  keyCodec(options.key ?? "string");
  valueCodec(options.value ?? "json");
  const merge =
    options.merge === undefined ? {} : { merge: mergeNameOf(options.merge, kindOf(options.value ?? "json")) };
  const info = context.keyspace(name, () => ({
    ...engineFor(name, options, store.options.engine),
    ...merge,
    key: kindOf(options.key ?? "string"),
    value: kindOf(options.value ?? "json"),
  }));
  if (info !== undefined) {
    checkEngine(name, options, info);
  }
  // A map that is not there, and not made, is empty and of any kind.
  const key = info === undefined ? (options.key ?? "string") : agreed(name, "key", options.key, info.key);
  const value = info === undefined ? (options.value ?? "json") : agreed(name, "value", options.value, info.value);
  const values = valueCodec(value as ValueKind | CustomCodec<unknown>);
  if (info !== undefined) {
    knowOperator(store, info, options, values);
  }
  const keys = keyCodec(key as KeyKind | CustomCodec<unknown>);
  const map = new DbMap(name, context, store.clock, store.waiters, info, keys, values);
  return { map: map as DbMap<unknown, unknown>, info };
}

/** Whether the options make sense by themselves, be the map there or not. Throws INVALID, UNSUPPORTED. */
function checkKeeping(name: string, { engine, lsm }: AnyOptions): void {
  if (engine !== undefined && !ENGINES.includes(engine)) {
    throw new DbError("UNSUPPORTED", `there is no storage engine ${JSON.stringify(engine)}; use "btree" or "lsm"`);
  }
  if (lsm !== undefined) {
    checkLsmSettings(lsm);
    if (engine === "btree") {
      throw settingsOfNone(name);
    }
  }
}

/** How a map is made that is not there yet. */
function engineFor(
  name: string,
  { engine: asked, lsm }: AnyOptions,
  usual: EngineKind,
): Pick<KeyspaceDescription, "engine" | "lsm"> {
  const engine = asked ?? usual;
  if (engine === "lsm") {
    return { engine, lsm: checkLsmSettings(lsm ?? {}) };
  }
  if (lsm !== undefined) {
    throw settingsOfNone(name);
  }
  return { engine };
}

function settingsOfNone(name: string): DbError {
  return new DbError("INVALID", `the option lsm is for maps with engine: "lsm", which ${name} is not to be`, {
    map: name,
  });
}

/** The engine stays what it was made as; settings that are asked for have to be those that it has. */
function checkEngine(name: string, { engine, lsm }: AnyOptions, info: KeyspaceInfo): void {
  const isOther = (engine ?? info.engine) !== info.engine || (lsm !== undefined && info.lsm === undefined);
  const differing = Object.entries(lsm ?? {}).find(
    ([option, value]) => JSON.stringify(value) !== JSON.stringify(info.lsm?.[option as keyof LsmSettings]),
  );
  if (isOther || differing !== undefined) {
    const what = isOther ? `engine: "${info.engine}"` : `another lsm.${differing![0]}`;
    throw new DbError("INVALID", `the map ${name} was made with ${what}; ask for it with the same, or without`, {
      map: name,
    });
  }
}

/** From now on operands of the map's entries can be combined. Throws INVALID where another operator is asked for. */
function knowOperator<V>(store: Store, info: KeyspaceInfo, { merge }: AnyOptions, values: ValueCodec<V>): void {
  const { id, name, merge: stored, value } = info;
  if (merge !== undefined && mergeNameOf(merge, value) !== stored) {
    throw new DbError(
      "INVALID",
      `the map ${name} was made ${stored === undefined ? "without the option merge" : `with merge: "${stored}"`}; ` +
        "ask for it with the same, or without",
      { map: name },
    );
  }
  const known = stored === undefined ? undefined : combineFor({ name: stored, value });
  const combine = typeof merge === "function" ? combineWith(merge, values) : known;
  if (combine !== undefined) {
    store.operators.set(id, combine);
  }
}

function kindOf(choice: string | CustomCodec<unknown>): string {
  return typeof choice === "string" ? choice : "custom";
}

function agreed(
  name: string,
  part: "key" | "value",
  asked: string | CustomCodec<unknown> | undefined,
  stored: string,
): string | CustomCodec<unknown> {
  if (stored !== "custom" && !isKind(part, stored)) {
    throw new DbError("INVALID", `${name} is no map: it is kept by the frontend ${stored}, through which it is read`, {
      map: name,
    });
  }
  if (asked === undefined && stored !== "custom") {
    return stored;
  }
  if (asked === undefined || kindOf(asked) !== stored || (stored === "custom" && !isCustomCodec(asked))) {
    throw new DbError(
      "INVALID",
      `the map ${name} was made with ${part}: ${stored === "custom" ? "a codec of its own" : JSON.stringify(stored)}; ` +
        "ask for it with the same",
      { map: name, stored },
    );
  }
  return asked;
}

function isKind(part: string, stored: string): boolean {
  return part === "key" ? isKeyKind(stored) : isValueKind(stored);
}
