/**
 * All tables of a database as bytes, and back: what `serialize()` gives and `new Database(buffer)` takes.
 *
 *   magic 16 │ u32 length │ u32 CRC │ u32 entries │ { u32 length, JSON } … │ { { u32 key, u32 value, key, value } … u32 0 } … │ zeros
 *
 * Entries are those of the catalog, but for `keyspace`, which counts the keyspaces that follow; the last of them is that of the
 * numbers that applications keep (user_version). Length and CRC are of what follows them. All numbers are little endian. The
 * whole is a multiple of 4096 bytes long. The same rows make the same bytes.
 */
import { crc32 } from "node:zlib";
import { assert } from "../assert.ts";
import { copyBytes } from "../bytes.ts";
import { DbError } from "../errors.ts";
import { type Entry, type NumberedEntry, readEntries, writeEntry } from "./catalog/entry.ts";
import { foldName } from "./catalog/name.ts";
import { HEADER_KEYSPACE } from "./pragma/stored-pragmas.ts";
import type { KeyspaceReader, SqlTransaction } from "./storage.ts";

const MAGIC = Buffer.from("nacre tables 01\0", "latin1");
const PAGE_BYTES = 4096;
/** Magic, length and CRC. */
const HEAD_BYTES = 24;
const END = 0;

export function serializeTables(reader: KeyspaceReader): Buffer {
  const writer = new ByteWriter();
  const entries = readEntries(reader);
  const keyspaces = entries.flatMap(({ keyspace }) => (keyspace === undefined ? [] : [keyspace]));
  writer.u32(entries.length);
  for (const entry of entries) {
    const keyspace = entry.keyspace === undefined ? undefined : keyspaces.indexOf(entry.keyspace);
    const json = Buffer.from(JSON.stringify({ ...entry, keyspace }));
    writer.u32(json.length);
    writer.bytes(json, 0, json.length);
  }
  for (const keyspace of [...keyspaces, reader.keyspace(HEADER_KEYSPACE)]) {
    if (keyspace !== undefined) {
      writeRows(writer, reader, keyspace);
    }
    writer.u32(END);
  }
  return writer.finish();
}

function writeRows(writer: ByteWriter, reader: KeyspaceReader, keyspace: number): void {
  const scan = reader.scan(keyspace, undefined, undefined, false);
  try {
    for (let rows = scan.next(); rows > 0; rows = scan.next()) {
      for (let row = 0; row < rows; row++) {
        const { prefix, prefixOffset, prefixLength, u8 } = scan;
        const restLength = scan.keyLengths[row]!;
        const valueLength = scan.valueLengths[row]!;
        writer.u32(prefixLength + restLength);
        writer.u32(valueLength);
        writer.bytes(prefix, prefixOffset, prefixLength);
        writer.bytes(u8, scan.keyOffsets[row]!, restLength);
        writer.bytes(u8, scan.valueOffsets[row]!, valueLength);
      }
    }
  } finally {
    scan.close();
  }
}

/** Writes everything into a database that has no tables. Throws CORRUPT where the bytes are not what `serializeTables` gave. */
export function deserializeTables(transaction: SqlTransaction, bytes: Uint8Array): void {
  const reader = new ByteReader(bytes);
  const entries: NumberedEntry[] = [];
  for (let left = reader.u32(); left > 0; left--) {
    entries.push(JSON.parse(reader.text(reader.u32())) as NumberedEntry);
  }
  // In the order in which they were numbered.
  const owners = entries.filter(({ keyspace }) => keyspace !== undefined);
  const keyspaces = owners.map(({ name }) => {
    const keyspace = transaction.createKeyspace(`sql/${foldName(name)}`);
    readRows(reader, transaction, keyspace);
    return keyspace;
  });
  readRows(reader, transaction, transaction.createKeyspace(HEADER_KEYSPACE));
  for (const { number, ...entry } of entries) {
    const { keyspace } = entry;
    const made: Entry = keyspace === undefined ? entry : { ...entry, keyspace: keyspaces[keyspace]! };
    writeEntry(transaction, number, made);
  }
  transaction.touchSchema();
}

function readRows(reader: ByteReader, transaction: SqlTransaction, keyspace: number): void {
  for (let keyLength = reader.u32(); keyLength !== END; keyLength = reader.u32()) {
    const valueLength = reader.u32();
    const key = reader.take(keyLength);
    const value = reader.take(valueLength);
    transaction.put(keyspace, reader.bytes, key, keyLength, reader.bytes, value, valueLength);
  }
}

class ByteWriter {
  #bytes: Buffer;
  #length: number;

  constructor() {
    this.#bytes = Buffer.alloc(PAGE_BYTES);
    this.#length = HEAD_BYTES;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#length = this.#bytes.writeUInt32LE(value, this.#length);
  }

  bytes(from: Uint8Array, offset: number, length: number): void {
    this.#reserve(length);
    copyBytes(from, offset, this.#bytes, this.#length, length);
    this.#length += length;
  }

  /** With its head, filled up to whole pages. */
  finish(): Buffer {
    MAGIC.copy(this.#bytes);
    this.#bytes.writeUInt32LE(this.#length - HEAD_BYTES, MAGIC.length);
    this.#bytes.writeUInt32LE(crc32(this.#bytes.subarray(HEAD_BYTES, this.#length)), MAGIC.length + 4);
    const bytes = Buffer.alloc(Math.ceil(this.#length / PAGE_BYTES) * PAGE_BYTES);
    this.#bytes.copy(bytes, 0, 0, this.#length);
    return bytes;
  }

  #reserve(more: number): void {
    const wanted = this.#length + more;
    if (wanted > this.#bytes.length) {
      if (2 * wanted > MOST_BYTES) {
        throw new DbError("FULL", `serialize() gives at most ${MOST_BYTES / 2} bytes; use backup()`, {
          limit: MOST_BYTES / 2,
        });
      }
      const grown = Buffer.alloc(2 * wanted);
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
  }
}

/** That Node gives in one Buffer on every platform. */
const MOST_BYTES = 2 ** 31;

class ByteReader {
  readonly bytes: Uint8Array;
  readonly #data: DataView;
  readonly #end: number;
  #at: number;

  /** Throws CORRUPT where the head says something else than what follows it. */
  constructor(bytes: Uint8Array) {
    if (bytes.length < HEAD_BYTES || MAGIC.compare(bytes, 0, MAGIC.length) !== 0) {
      throw damaged("it does not begin as one");
    }
    this.bytes = bytes;
    this.#data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = HEAD_BYTES + this.#data.getUint32(MAGIC.length, true);
    this.#at = HEAD_BYTES;
    if (this.#end > bytes.length) {
      throw damaged("it ends too early");
    }
    if (crc32(bytes.subarray(HEAD_BYTES, this.#end)) !== this.#data.getUint32(MAGIC.length + 4, true)) {
      throw damaged("its checksum is another");
    }
  }

  u32(): number {
    return this.#data.getUint32(this.take(4), true);
  }

  text(length: number): string {
    const at = this.take(length);
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + at, length).toString();
  }

  /** Steps over so many bytes; where they begin. */
  take(length: number): number {
    const at = this.#at;
    assert(at + length <= this.#end, "what the checksum covers is as it was written");
    this.#at += length;
    return at;
  }
}

function damaged(why: string): DbError {
  return new DbError("CORRUPT", `file is not a database: the buffer is not what serialize() gave (${why})`);
}
