/**
 * A SqlStore in memory, to test SQL without the storage engine, and to be nastier than it: batches of odd sizes, keys
 * split at odd places, values at odd offsets, and every array that was handed out is overwritten when the contract says
 * that it may be.
 */
import { compareBytes, sharedPrefixLength } from "../../src/bytes.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import { type Disk, type DiskFile, MemoryDisk, openUnnamed } from "../../src/pager/index.ts";
import { type Rng, systemRng } from "../../src/random.ts";
import type {
  BatchScan,
  FoundValue,
  KeyspaceReader,
  SortedEntries,
  SqlSnapshot,
  SqlStore,
  SqlTransaction,
} from "../../src/sql/index.ts";
import { WriteReservation } from "../../src/sql/write-reservation.ts";

interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

interface State {
  readonly names: ReadonlyMap<string, number>;
  readonly spaces: ReadonlyMap<number, readonly Entry[]>;
  readonly schemaVersion: number;
}

export class MemoryStore implements SqlStore {
  readonly clock: Clock = systemClock;
  readonly rng: Rng = systemRng;
  readonly path: string | undefined = undefined;
  lastCommit = 0;
  readonly reservation: WriteReservation = new WriteReservation();
  state: State = { names: new Map(), spaces: new Map(), schemaVersion: 0 };
  /** Never given twice. */
  nextKeyspace = 1;
  nextVersion = 1;
  /** A bug for a fuzzer to find: "lost-row" or "wrong-order". */
  canary: string | undefined;
  /** Where statements put what they hold, and how many files of theirs are open, and were opened. */
  disk: Disk = new MemoryDisk();
  openFiles = 0;
  filesOpened = 0;
  readonly #latest: Reader;

  constructor() {
    this.#latest = new Reader(() => this.state, this);
  }

  latest(): KeyspaceReader {
    return this.#latest;
  }

  snapshot(): SqlSnapshot {
    const { state } = this;
    return Object.assign(new Reader(() => state, this), { close(): void {} });
  }

  newTemporary(): { readonly store: SqlStore; readonly close: () => void } {
    return { store: new MemoryStore(), close: () => undefined };
  }

  openFile(): DiskFile {
    const file = openUnnamed(this.disk, "spill.0");
    const close = file.close.bind(file);
    this.openFiles++;
    this.filesOpened++;
    file.close = () => {
      this.openFiles--;
      close();
    };
    return file;
  }

  changed(): Promise<void> {
    return Promise.reject(new Error("the test double tells nobody of its commits"));
  }

  begin(): SqlTransaction {
    return new MemoryTransaction(this);
  }
}

/** Overwritten at the next call of the reader that gave it out. */
let lastGiven: Uint8Array | undefined;

/** Scans whose batch goes with the next read of whatever kind. */
const lent = new Set<MemoryScan>();

function mangle(): void {
  lastGiven?.fill(0xa5);
  lastGiven = undefined;
  for (const scan of lent) {
    scan.takeBack();
  }
  lent.clear();
}

class Reader implements KeyspaceReader {
  found: FoundValue = { u8: new Uint8Array(0), data: new DataView(new ArrayBuffer(0)), valueOffset: 0, valueLength: 0 };
  readonly #state: () => State;
  readonly #owner: MemoryStore;

  readonly endedScans: BatchScan[];

  constructor(state: () => State, owner: MemoryStore) {
    this.endedScans = [];
    this.#state = state;
    this.#owner = owner;
  }

  get schemaVersion(): number {
    return this.#state().schemaVersion;
  }

  keyspace(name: string): number | undefined {
    return this.#state().names.get(name);
  }

  get(keyspace: number, key: Uint8Array, offset: number, length: number): boolean {
    mangle();
    const entries = this.entries(keyspace);
    const at = position(entries, key, offset, length);
    const entry = entries[at];
    if (entry === undefined || compareBytes(entry.key, 0, entry.key.length, key, offset, length) !== 0) {
      return false;
    }
    const u8 = new Uint8Array(entry.value.length + 16).fill(0xee);
    u8.set(entry.value, 5);
    this.found = { u8, data: new DataView(u8.buffer), valueOffset: 5, valueLength: entry.value.length };
    lastGiven = u8;
    return true;
  }

  scan(keyspace: number, lower: Uint8Array | undefined, upper: Uint8Array | undefined, reverse: boolean): BatchScan {
    const isCatalog = this.keyspace("sql") === keyspace;
    return new MemoryScan(
      () => this.entries(keyspace),
      lower,
      upper,
      reverse,
      isCatalog ? undefined : this.#owner.canary,
    );
  }

  count(keyspace: number, lower?: Uint8Array, upper?: Uint8Array): number {
    const entries = this.entries(keyspace);
    const from = lower === undefined ? 0 : position(entries, lower, 0, lower.length);
    const to = upper === undefined ? entries.length : position(entries, upper, 0, upper.length);
    return Math.max(0, to - from);
  }

  estimate(keyspace: number): number {
    return this.entries(keyspace).length;
  }

  sample(keyspace: number, most: number): Entry[] {
    const entries = this.entries(keyspace);
    const wanted = Math.min(most, entries.length);
    return Array.from({ length: wanted }, (_, i) => entries[Math.floor(((i + 0.5) * entries.length) / wanted)]!);
  }

  countSampled(keyspace: number, lower: Uint8Array, upper: Uint8Array): number {
    return this.count(keyspace, lower, upper);
  }

  entries(keyspace: number): readonly Entry[] {
    const entries = this.#state().spaces.get(keyspace);
    if (entries === undefined) {
      throw new Error(`there is no keyspace ${keyspace}`);
    }
    return entries;
  }
}

/** The first entry whose key is not less. */
function position(entries: readonly Entry[], key: Uint8Array, offset: number, length: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { key: other } = entries[middle]!;
    if (compareBytes(other, 0, other.length, key, offset, length) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** Batch sizes that are used in turn. */
const SIZES = [1, 3, 256, 2, 17];

class MemoryScan implements BatchScan {
  u8 = new Uint8Array(0);
  data = new DataView(new ArrayBuffer(0));
  prefix = new Uint8Array(0);
  prefixOffset = 0;
  prefixLength = 0;
  keyOffsets = new Uint32Array(256);
  keyLengths = new Uint32Array(256);
  valueOffsets = new Uint32Array(256);
  valueLengths = new Uint32Array(256);
  hasKeys = true;
  /** Where keys are, until somebody asks. */
  readonly #places = new Uint32Array(3 * 256);
  readonly #entries: () => readonly Entry[];
  #lower: Uint8Array | undefined;
  #upper: Uint8Array | undefined;
  readonly #reverse: boolean;
  readonly #canary: string | undefined;
  #last: Uint8Array | undefined;
  #batches = 0;
  #isClosed = false;

  constructor(
    entries: () => readonly Entry[],
    lower: Uint8Array | undefined,
    upper: Uint8Array | undefined,
    reverse: boolean,
    canary: string | undefined,
  ) {
    this.#canary = canary;
    this.#entries = entries;
    this.#lower = lower;
    this.#upper = upper;
    this.#reverse = reverse;
  }

  next(): number {
    mangle();
    this.takeBack();
    if (this.#isClosed) {
      throw new Error("a closed scan was read");
    }
    this.hasKeys = true;
    const batch = this.#take(SIZES[this.#batches++ % SIZES.length]!);
    if (batch.length === 0) {
      return 0;
    }
    this.#last = batch.at(-1)!.key;
    if (this.#canary === "wrong-order" && this.#reverse && batch.length > 1) {
      batch.reverse();
    }
    this.#lay(batch);
    lent.add(this);
    return this.#canary === "lost-row" && batch.length === 3 ? 2 : batch.length;
  }

  nextRows(): number {
    const count = this.next();
    [this.keyOffsets, this.keyLengths, this.valueLengths].forEach((places, index) => {
      this.#places.set(places, index * 256);
      places.fill(0);
    });
    this.hasKeys = false;
    return count;
  }

  locateKeys(): void {
    if (!this.hasKeys) {
      this.hasKeys = true;
      [this.keyOffsets, this.keyLengths, this.valueLengths].forEach((places, index) => {
        places.set(this.#places.subarray(index * 256, (index + 1) * 256));
      });
    }
  }

  keep(): void {
    this.locateKeys();
    lent.delete(this);
  }

  move(lower: Uint8Array, lowerLength: number, upper: Uint8Array, upperLength: number): void {
    this.keep();
    this.takeBack();
    this.#lower = lowerLength < 0 ? undefined : lower.slice(0, lowerLength);
    this.#upper = upperLength < 0 ? undefined : upper.slice(0, upperLength);
    this.#last = undefined;
    this.#isClosed = false;
  }

  close(): void {
    this.#isClosed = true;
    this.keep();
    this.u8.fill(0xa5);
  }

  /** Whoever still reads the batch reads this. */
  takeBack(): void {
    this.u8.fill(0xa5);
    this.prefix.fill(0xa5);
  }

  #take(most: number): Entry[] {
    const entries = this.#entries();
    const last = this.#last;
    const at = (key: Uint8Array): number => position(entries, key, 0, key.length);
    const behind = (key: Uint8Array): number => {
      const found = at(key);
      const entry = entries[found];
      return entry !== undefined && Buffer.compare(entry.key, key) === 0 ? found + 1 : found;
    };
    let from = this.#lower === undefined ? 0 : at(this.#lower);
    let to = this.#upper === undefined ? entries.length : at(this.#upper);
    if (this.#reverse) {
      to = last === undefined ? to : Math.min(to, at(last));
      return entries.slice(Math.max(from, to - most), Math.max(from, to)).reverse();
    }
    from = last === undefined ? from : Math.max(from, behind(last));
    return entries.slice(from, Math.min(from + most, to));
  }

  #lay(batch: readonly Entry[]): void {
    let shared = batch[0]!.key.length;
    for (const { key } of batch) {
      shared = Math.min(shared, sharedPrefixLength(key, 0, key.length, batch[0]!.key, 0, batch[0]!.key.length));
    }
    // Less than all that is shared now and then.
    this.prefixLength = this.#batches % 3 === 0 ? Math.min(shared, 1) : this.#batches % 3 === 1 ? 0 : shared;
    this.prefix = new Uint8Array(this.prefixLength + 3);
    this.prefixOffset = 3;
    this.prefix.set(batch[0]!.key.subarray(0, this.prefixLength), 3);
    const size = batch.reduce((sum, { key, value }) => sum + key.length + value.length + 1, 9);
    this.u8 = new Uint8Array(size).fill(0xee);
    this.data = new DataView(this.u8.buffer);
    let used = 1;
    batch.forEach(({ key, value }, row) => {
      const rest = key.subarray(this.prefixLength);
      this.u8.set(rest, used);
      this.keyOffsets[row] = used;
      this.keyLengths[row] = rest.length;
      used += rest.length;
      this.u8.set(value, used);
      this.valueOffsets[row] = used;
      this.valueLengths[row] = value.length;
      used += value.length + 1;
    });
  }
}

class MemoryTransaction extends Reader implements SqlTransaction {
  readonly #store: MemoryStore;
  readonly #marks: State[] = [];
  #mine: State;
  /** Keyspaces whose entries are this transaction's own copy since the last savepoint. */
  #owned = new Set<number>();
  #isOver = false;

  constructor(store: MemoryStore) {
    super(() => this.#mine, store);
    this.#store = store;
    this.#mine = store.state;
  }

  put(
    keyspace: number,
    key: Uint8Array,
    keyOffset: number,
    keyLength: number,
    value: Uint8Array,
    valueOffset: number,
    valueLength: number,
  ): void {
    const entry = {
      key: key.slice(keyOffset, keyOffset + keyLength),
      value: value.slice(valueOffset, valueOffset + valueLength),
    };
    const entries = this.#own(keyspace);
    const at = position(entries, entry.key, 0, keyLength);
    const isThere = at < entries.length && Buffer.compare(entries[at]!.key, entry.key) === 0;
    entries.splice(at, isThere ? 1 : 0, entry);
  }

  delete(keyspace: number, key: Uint8Array, offset: number, length: number): void {
    const entries = this.#own(keyspace);
    const at = position(entries, key, offset, length);
    const entry = entries[at];
    if (entry !== undefined && compareBytes(entry.key, 0, entry.key.length, key, offset, length) === 0) {
      entries.splice(at, 1);
    }
  }

  createKeyspace(name: string): number {
    const id = this.#store.nextKeyspace++;
    this.#mine = {
      names: new Map([...this.#mine.names, [name, id]]),
      spaces: new Map([...this.#mine.spaces, [id, []]]),
      schemaVersion: this.#store.nextVersion++,
    };
    this.#owned.add(id);
    return id;
  }

  createKeyspaceWith(name: string, entries: SortedEntries): number {
    const keyspace = this.createKeyspace(name);
    while (entries.next()) {
      const { bytes, keyOffset, keyLength, valueOffset, valueLength } = entries;
      this.put(keyspace, bytes, keyOffset, keyLength, bytes, valueOffset, valueLength);
    }
    return keyspace;
  }

  dropKeyspace(keyspace: number): void {
    this.#mine = {
      names: new Map([...this.#mine.names].filter(([, id]) => id !== keyspace)),
      spaces: new Map([...this.#mine.spaces].filter(([id]) => id !== keyspace)),
      schemaVersion: this.#store.nextVersion++,
    };
  }

  touchSchema(): void {
    this.#mine = { ...this.#mine, schemaVersion: this.#store.nextVersion++ };
  }

  savepoint(): number {
    this.#owned.clear();
    return this.#marks.push(this.#mine) - 1;
  }

  release(savepoint: number): void {
    this.#marks.length = savepoint;
  }

  rollbackTo(savepoint: number): void {
    this.#owned.clear();
    this.#mine = this.#marks[savepoint]!;
  }

  commit(): void {
    this.#end();
    this.#store.state = this.#mine;
    this.#store.lastCommit++;
  }

  rollback(): void {
    this.#end();
  }

  #end(): void {
    if (this.#isOver) {
      throw new Error("the transaction is over");
    }
    this.#isOver = true;
  }

  #own(keyspace: number): Entry[] {
    const entries = this.entries(keyspace);
    if (this.#owned.has(keyspace)) {
      return entries as Entry[];
    }
    const copy = [...entries];
    this.#mine = { ...this.#mine, spaces: new Map([...this.#mine.spaces, [keyspace, copy]]) };
    this.#owned.add(keyspace);
    return copy;
  }
}
