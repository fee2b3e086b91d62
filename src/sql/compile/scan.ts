/**
 * The rows of a table, by one of the ways of plan/access.ts. What stands inside has the row in four variables (column.ts) and
 * leaves it early by `skip`.
 *
 *   point   `scan: { if (!reader.get(…)) break scan; … }`
 *   range   `for (;;) { const count = scan.next(); … each: for (let i …) { … } }`
 *   list    as one of these, for one value after the other
 *   union   the keys that any of several ways leads to, each once; then the row of each
 *
 * Through an index it is entries that are found, whose values are the keys of rows. A row that nobody reads a column of, but
 * its rowid, is not looked up.
 *
 * What storage lends is gone with its next read (S4). So where anything is read while a row is looked at (the inner side of a
 * join, a subquery), batches are kept, and rows that were looked up are copied.
 */
import { assert } from "../../assert.ts";
import type { Table } from "../catalog/schema.ts";
import type { Bound, Source, SourceColumn } from "../query/bind/bound.ts";
import { readsRowOf } from "../query/bind/walk.ts";
import type { Access, KeyAccess } from "../query/plan/access.ts";
import type { RowsPlan } from "../query/plan/plan.ts";
import { RowCopy } from "../run/row-copy.ts";
import { NULL } from "../value/value.ts";
import { emitRow, loadColumn, loadRowid, type RowVariables } from "./column.ts";
import type { ColumnLoader, Frame } from "./frame.ts";
import { emitEnds, emitList, emitPointKey, prefixOf, rowidOf } from "./key-access.ts";
import { emitLeafTests } from "./leaf-tests.ts";
import { not, type Operand } from "./operand.ts";
import { readsStorage } from "./plan-reads.ts";
import type { RowFunction } from "./row-function.ts";

/** What is done behind a row: what it reads, and whether it reads storage. */
export interface Behind {
  /** Their columns are loaded as soon as the row is there. */
  readonly bounds: readonly Bound[];
  /** Theirs are loaded further behind, by who finds that the row is wanted. */
  readonly later?: readonly Bound[];
  readonly isReading: boolean;
}

/** Everything that is read behind a row. */
export function readBehind({ bounds, later = [] }: Behind): readonly Bound[] {
  return later.length === 0 ? bounds : [...bounds, ...later];
}

export interface RowPlace {
  /** A statement that goes on to the next row. */
  readonly skip: string;
  /** A table's key, as arguments `(bytes, offset, length, bytes, offset, length)`; "" where there is none. */
  readonly keyParts: string;
  /** The same in one part that stays, as arguments `(bytes, offset, length)`, of a row that was found by a whole key. */
  readonly key?: string;
}

/** Of a scan that is gone through once in a function. */
export interface Through {
  /** It goes on in the next call of the function: what is emitted behind each batch. */
  readonly afterBatch?: (() => void) | undefined;
  /** What is done with a batch stands there. */
  readonly apart?: RowFunction | undefined;
}

export interface Scan extends Through {
  readonly source: Source;
  readonly access: Access;
  readonly filters: readonly Bound[];
}

export type Consume = (place: RowPlace) => void;

/** Emits the loops of a plan (rows.ts). */
export type EmitRows = (frame: Frame, plan: RowsPlan, behind: Behind, consume: Consume) => void;

export function tableOf(source: Source): Table {
  assert(source.origin.kind === "table", "what is scanned is a table");
  return source.origin.table;
}

/** Emits the loops with `consume` for each row that passes the filters. */
export function emitScan(frame: Frame, scan: Scan, behind: Behind, consume: Consume): void {
  const { access, source } = scan;
  const reading: Reading = {
    isReading: behind.isReading || readsStorage([...scan.filters, ...readBehind(behind)]),
    isRowNeeded: readsRowOf(source, [...scan.filters, ...readBehind(behind)]),
  };
  const body = (row: FoundRow): void => {
    enterRow(frame, source, row);
    emitFilters(frame, scan.filters, row.place.skip);
    frame.load(behind.bounds);
    consume(row.place);
  };
  if (access.kind === "union") {
    emitUnion(frame, source, access.parts, reading, body);
    return;
  }
  const outside = scan.apart?.outer ?? frame;
  emitList(outside, access, (listed) => {
    const label = outside.emitter.name("scan");
    outside.emitter.open(`${label}:`);
    if (access.isPoint) {
      emitPointRow(frame, source, access, listed, { ...reading, none: `break ${label};` }, body);
    } else {
      emitRange(frame, scan, access, listed, { ...reading, none: `break ${label};` }, body);
    }
    outside.emitter.close();
  });
}

export interface Reading {
  readonly isReading: boolean;
  readonly isRowNeeded: boolean;
}

/** A row that a scan has come to. */
export interface FoundRow {
  /** Undefined: nobody asks for more than its key. */
  readonly row: RowVariables | undefined;
  readonly place: RowPlace;
  /** The value by which a rowid was found. */
  readonly rowid?: Operand | undefined;
  /** The condition under which there is none: an outer join has NULL in place of it. */
  readonly isMissing?: string;
}

export function enterRow(frame: Frame, source: Source, { row, place, rowid, isMissing }: FoundRow): void {
  const table = tableOf(source);
  const load: ColumnLoader = (column) => {
    if (isRowid(source, column)) {
      return rowid === undefined ? loadRowid(frame.emitter, place.keyParts, isMissing) : rowidOf(frame, rowid);
    }
    const { slot, affinity, missing } = table.columns[column.index]!;
    return loadColumn(frame.emitter, row!, {
      slot,
      slots: table.slots,
      affinity,
      types: column.types,
      missing: missing.tag === NULL ? undefined : missing,
    });
  };
  frame.enter(source, load);
}

function isRowid(source: Source, column: SourceColumn): boolean {
  return column === source.rowid;
}

export function emitFilters(frame: Frame, filters: readonly Bound[], skip: string): void {
  for (const filter of filters) {
    frame.load([filter]);
    const { isTrue } = frame.test(filter);
    frame.emitter.when(not(isTrue), () => frame.emitter.line(skip));
  }
}

/** What else a way through a key is told. */
export interface KeyReading extends Reading {
  /** A statement for the case that there are no rows for certain. */
  readonly none: string;
}

type FoundBody = (found: FoundRow) => void;

export function emitPointRow(
  frame: Frame,
  source: Source,
  access: KeyAccess,
  listed: Operand | undefined,
  { none, isReading, isRowNeeded }: KeyReading,
  body: FoundBody,
): void {
  const { emitter } = frame;
  const table = tableOf(source);
  const parts = prefixOf(frame, access, listed);
  const { writer, length } = emitPointKey(frame, parts, none);
  const { index } = access;
  emitter.line(
    `if (!reader.get(${index === undefined ? table.keyspace : index.keyspace}, ${writer}.bytes, 0, ${length})) ${none}`,
  );
  let owner = `${writer}.bytes`;
  let keyLength = length;
  if (index !== undefined) {
    const key = emitter.constant(new RowCopy());
    emitter.line(`${key}.take(reader.found.u8, reader.found.valueOffset, reader.found.valueLength);`);
    owner = `${key}.u8`;
    keyLength = `${key}.length`;
    if (isRowNeeded) {
      emitLookup(frame, table, index.name, `${owner}, 0, ${keyLength}`);
    }
  }
  const row = isRowNeeded ? emitFound(frame, isReading) : undefined;
  const isOwnKey = index === undefined && table.primaryKey.length === 0;
  const key = `${owner}, 0, ${keyLength}`;
  const place = { skip: none, key, keyParts: `${owner}, 0, 0, ${key}` };
  body({ row, place, rowid: isOwnKey ? parts[0]!.operand : undefined });
}

/** Gets the row that an index leads to. */
function emitLookup({ emitter }: Frame, table: Table, index: string, key: string): void {
  const missing = `${emitter.use("failMissingRow")}(${emitter.constant({ table: table.name, index })});`;
  emitter.line(`if (!reader.get(${table.keyspace}, ${key})) ${missing}`);
}

/** The row that `get` has found; a copy of it where it is to stay. */
function emitFound({ emitter }: Frame, isKept: boolean): RowVariables {
  const found = emitter.name("found");
  const [u8, data] = [emitter.name("u8"), emitter.name("data")];
  emitter.line(`const ${found} = reader.found;`);
  if (isKept) {
    const copy = emitter.constant(new RowCopy());
    emitter.line(`${copy}.take(${found}.u8, ${found}.valueOffset, ${found}.valueLength);`);
    emitter.line(`const ${u8} = ${copy}.u8, ${data} = ${copy}.data;`);
    return emitRow(emitter, { u8, data }, "0");
  }
  emitter.line(`const ${u8} = ${found}.u8, ${data} = ${found}.data;`);
  return emitRow(emitter, { u8, data }, `${found}.valueOffset`);
}

/** Emits what opens a scan over a range into a variable, unless `none`. */
export function emitOpen(
  frame: Frame,
  source: Source,
  access: KeyAccess,
  listed: Operand | undefined,
  none: string,
): string {
  const { emitter } = frame;
  const scan = emitter.variable("scan");
  // Before those of queries that its ends ask: a scan that goes on is the cursor's first.
  const place = frame.unit.statement.newScan();
  const ends = emitEnds(frame, access, prefixOf(frame, access, listed), none);
  const keyspace = access.index === undefined ? tableOf(source).keyspace : access.index.keyspace;
  emitter.line(`${scan} = cursor.open(${place}, reader, ${keyspace}, ${ends.join(", ")}, ${access.reverse});`);
  return scan;
}

function emitRange(
  frame: Frame,
  { source, filters, afterBatch, apart }: Scan,
  access: KeyAccess,
  listed: Operand | undefined,
  { none, isReading, isRowNeeded }: KeyReading,
  body: FoundBody,
): void {
  const outside = apart?.outer ?? frame;
  const { emitter } = outside;
  let scan: string;
  if (afterBatch === undefined) {
    scan = emitOpen(outside, source, access, listed, none);
  } else {
    // The first scan of a statement that goes on: it is there when the function is called again.
    scan = emitter.variable("scan", "cursor.scans[0]");
    emitter.open(`if (${scan} === undefined)`);
    emitter.line(`${scan} = ${emitOpen(outside, source, access, listed, none)};`);
    emitter.close();
  }
  const tests =
    apart === undefined || access.index !== undefined
      ? undefined
      : emitLeafTests(outside, source, tableOf(source), filters);
  emitter.open("for (;;)");
  const count = emitter.name("count");
  emitter.line(`const ${count} = ${scan}.${access.index === undefined ? `nextRows(${tests ?? ""})` : "next()"};`);
  emitter.line(`if (${count} === 0) break;`);
  emitter.line(`${emitter.use("countWork")}(${count});`);
  if (isReading || (access.index !== undefined && isRowNeeded)) {
    emitter.line(`${scan}.keep(${count});`);
  }
  const emitLoop = (): void => {
    const batch = emitBatch(frame, scan);
    const each = frame.emitter.name("each");
    const i = frame.emitter.name("i");
    frame.emitter.open(`${each}: for (let ${i} = 0; ${i} < ${count}; ${i}++)`);
    body(emitBatchRow(frame, source, access, batch, i, { isReading, isRowNeeded, none: `continue ${each};` }));
    frame.emitter.close();
  };
  apart === undefined ? emitLoop() : apart.emitBatch([scan, count], emitLoop);
  afterBatch?.();
  emitter.close();
}

/** Variables for what a batch points at. */
export interface Batch {
  readonly scan: string;
  readonly u8: string;
  readonly data: string;
  readonly prefix: string;
  readonly prefixOffset: string;
  readonly prefixLength: string;
  readonly keyOffsets: string;
  readonly keyLengths: string;
  readonly valueOffsets: string;
  readonly valueLengths: string;
}

const BATCH_FIELDS = [
  "u8",
  "data",
  "prefix",
  "prefixOffset",
  "prefixLength",
  "keyOffsets",
  "keyLengths",
  "valueOffsets",
  "valueLengths",
] as const;

function emitBatch({ emitter }: Frame, scan: string): Batch {
  const batch = batchOf(scan, (field) => emitter.name(field));
  emitter.line(`const ${BATCH_FIELDS.map((field) => `${batch[field]} = ${scan}.${field}`).join(", ")};`);
  return batch;
}

/** The same in variables of the function, for a loop in which the batch changes: see `assignBatch`. */
export function batchVariables({ emitter }: Frame, scan: string): Batch {
  return batchOf(scan, (field) => emitter.variable(field));
}

export function assignBatch({ emitter }: Frame, batch: Batch): void {
  emitter.line(BATCH_FIELDS.map((field) => `${batch[field]} = ${batch.scan}.${field};`).join(" "));
}

function batchOf(scan: string, variable: (field: string) => string): Batch {
  const names = Object.fromEntries(BATCH_FIELDS.map((field) => [field, variable(field)]));
  return { scan, ...(names as Omit<Batch, "scan">) };
}

/** Row `i` of a batch, or the one that entry `i` leads to. */
export function emitBatchRow(
  frame: Frame,
  source: Source,
  { index }: KeyAccess,
  batch: Batch,
  i: string,
  { none, isReading, isRowNeeded }: KeyReading,
): FoundRow {
  const { emitter } = frame;
  if (index === undefined) {
    const { scan } = batch;
    const prefix = `(${scan}.hasKeys || ${scan}.locateKeys(), ${batch.prefix}), ${batch.prefixOffset}, ${batch.prefixLength}`;
    const keyParts = `${prefix}, ${batch.u8}, ${batch.keyOffsets}[${i}], ${batch.keyLengths}[${i}]`;
    const row = isRowNeeded ? emitRow(emitter, batch, `${batch.valueOffsets}[${i}]`) : undefined;
    return { row, place: { skip: none, keyParts } };
  }
  const key = `${batch.u8}, ${batch.valueOffsets}[${i}], ${batch.valueLengths}[${i}]`;
  if (isRowNeeded) {
    emitLookup(frame, tableOf(source), index.name, key);
  }
  const row = isRowNeeded ? emitFound(frame, isReading) : undefined;
  return { row, place: { skip: none, keyParts: `${batch.u8}, 0, 0, ${key}` } };
}

/** The keys first, whichever way they were found, then the rows: so what is done with a row stands there once. */
function emitUnion(frame: Frame, source: Source, parts: readonly KeyAccess[], reading: Reading, body: FoundBody): void {
  const { emitter } = frame;
  const table = tableOf(source);
  const keys = emitter.name("keys");
  emitter.line(`const ${keys} = new ${emitter.use("RowKeys")}(${frame.unit.statement.options.heldRows});`);
  for (const access of parts) {
    emitList(frame, access, (listed) => {
      const label = emitter.name("scan");
      emitter.open(`${label}:`);
      const none = `break ${label};`;
      const onlyKey: KeyReading = { isReading: false, isRowNeeded: false, none };
      const add = ({ place }: FoundRow): void => emitter.line(`${keys}.add(${place.keyParts});`);
      if (access.isPoint) {
        emitPointRow(frame, source, access, listed, onlyKey, add);
      } else {
        emitRange(frame, { source, access, filters: [] }, access, listed, onlyKey, add);
      }
      emitter.close();
    });
  }
  const j = emitter.name("j");
  const each = emitter.name("each");
  emitter.open(`${each}: for (let ${j} = 0; ${j} < ${keys}.count; ${j}++)`);
  const key = `${keys}.bytes, ${keys}.starts[${j}], ${keys}.starts[${j} + 1] - ${keys}.starts[${j}]`;
  if (reading.isRowNeeded) {
    emitLookup(frame, table, parts.find(({ index }) => index !== undefined)?.index?.name ?? "", key);
  }
  const row = reading.isRowNeeded ? emitFound(frame, reading.isReading) : undefined;
  body({ row, place: { skip: `continue ${each};`, keyParts: `${keys}.bytes, 0, 0, ${key}` } });
  emitter.close();
}
