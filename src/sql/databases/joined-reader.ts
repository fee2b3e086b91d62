/** What is read of several databases at once: each read goes to the database that the keyspace's number tells. */
import type { BatchScan, FoundValue, KeyspaceReader, SampledEntry, SqlSnapshot } from "../storage.ts";
import { databaseOf, keyspaceOf, MAIN, withinDatabase } from "./keyspace-number.ts";
import type { SchemaVersions } from "./schema-versions.ts";

/** The readers of all databases, by number; undefined: there is none of that number. */
export type Readers = () => readonly (KeyspaceReader | undefined)[];

const NOTHING = new Uint8Array(0);
const NO_DATA = new DataView(NOTHING.buffer);

/** It has found nothing yet. */
function nothingFound(): { -readonly [Field in keyof FoundValue]: FoundValue[Field] } {
  return { u8: NOTHING, data: NO_DATA, valueOffset: 0, valueLength: 0 };
}

export class JoinedReader implements SqlSnapshot {
  readonly #found: ReturnType<typeof nothingFound>;
  readonly #readers: Readers;
  readonly #versions: SchemaVersions;
  readonly #close: () => void;

  constructor(readers: Readers, versions: SchemaVersions, close: () => void) {
    this.#found = nothingFound();
    this.#readers = readers;
    this.#versions = versions;
    this.#close = close;
  }

  get found(): FoundValue {
    return this.#found;
  }

  get endedScans(): BatchScan[] {
    return this.#readers()[MAIN]!.endedScans;
  }

  get schemaVersion(): number {
    return this.#versions.of(this.#readers());
  }

  /** Of main. */
  keyspace(name: string): number | undefined {
    return this.#readers()[MAIN]!.keyspace(name);
  }

  get(keyspace: number, key: Uint8Array, offset: number, length: number): boolean {
    const reader = this.#readerOf(keyspace);
    if (!reader.get(withinDatabase(keyspace), key, offset, length)) {
      return false;
    }
    const found = this.#found;
    const { u8, data, valueOffset, valueLength } = reader.found;
    found.u8 = u8;
    found.data = data;
    found.valueOffset = valueOffset;
    found.valueLength = valueLength;
    return true;
  }

  scan(
    keyspace: number,
    lower: Uint8Array | undefined,
    upper: Uint8Array | undefined,
    reverse: boolean,
    ended?: BatchScan,
  ): BatchScan {
    return this.#readerOf(keyspace).scan(withinDatabase(keyspace), lower, upper, reverse, ended);
  }

  count(keyspace: number, lower?: Uint8Array, upper?: Uint8Array): number {
    return this.#readerOf(keyspace).count(withinDatabase(keyspace), lower, upper);
  }

  estimate(keyspace: number): number {
    return this.#readerOf(keyspace).estimate(withinDatabase(keyspace));
  }

  sample(keyspace: number, most: number): SampledEntry[] {
    return this.#readerOf(keyspace).sample(withinDatabase(keyspace), most);
  }

  countSampled(keyspace: number, lower: Uint8Array, upper: Uint8Array): number {
    return this.#readerOf(keyspace).countSampled(withinDatabase(keyspace), lower, upper);
  }

  close(): void {
    this.#close();
  }

  /** The same with the names of keyspaces of that database. */
  part(database: number): KeyspaceReader {
    return new PartReader(this, () => this.#readers()[database]!, database);
  }

  /** That database alone, with keyspaces as they are numbered there. */
  alone(database: number): KeyspaceReader {
    return this.#readers()[database]!;
  }

  #readerOf(keyspace: number): KeyspaceReader {
    return this.#readers()[databaseOf(keyspace)]!;
  }
}

/** What reads several databases, with the names of keyspaces of one of them; `own` is that one by itself. */
export class PartReader<All extends KeyspaceReader> implements KeyspaceReader {
  protected readonly all: All;
  protected readonly database: number;
  readonly #own: () => KeyspaceReader;

  constructor(all: All, own: () => KeyspaceReader, database: number) {
    this.all = all;
    this.database = database;
    this.#own = own;
  }

  get found(): FoundValue {
    return this.all.found;
  }

  get endedScans(): BatchScan[] {
    return this.all.endedScans;
  }

  get schemaVersion(): number {
    return this.#own().schemaVersion;
  }

  keyspace(name: string): number | undefined {
    const found = this.#own().keyspace(name);
    return found === undefined ? undefined : keyspaceOf(this.database, found);
  }

  get(keyspace: number, key: Uint8Array, offset: number, length: number): boolean {
    return this.all.get(keyspace, key, offset, length);
  }

  scan(
    keyspace: number,
    lower: Uint8Array | undefined,
    upper: Uint8Array | undefined,
    reverse: boolean,
    ended?: BatchScan,
  ): BatchScan {
    return this.all.scan(keyspace, lower, upper, reverse, ended);
  }

  count(keyspace: number, lower?: Uint8Array, upper?: Uint8Array): number {
    return this.all.count(keyspace, lower, upper);
  }

  estimate(keyspace: number): number {
    return this.all.estimate(keyspace);
  }

  sample(keyspace: number, most: number): SampledEntry[] {
    return this.all.sample(keyspace, most);
  }

  countSampled(keyspace: number, lower: Uint8Array, upper: Uint8Array): number {
    return this.all.countSampled(keyspace, lower, upper);
  }
}
