/** The rows of a table, by one of the ways of plan/access.ts. */
import { DbError } from "../../../errors.ts";
import type { Table } from "../../catalog/schema.ts";
import { type KeyWriter, rangeEnd } from "../../key.ts";
import { ValueSet } from "../../run/value-set.ts";
import { countWork } from "../../run/work.ts";
import { DistinctRows } from "../../spill/distinct-rows.ts";
import { ExternalSorter, type SortedRows } from "../../spill/external-sorter.ts";
import type { Spill } from "../../spill/spill.ts";
import { StoredRows, type StoredRowsReader } from "../../spill/stored-rows.ts";
import type { BatchScan } from "../../storage.ts";
import { compareValues } from "../../value/compare.ts";
import { answer, answered, BLOB, NULL, type SqlValue, type Tag } from "../../value/value.ts";
import type { Access, KeyAccess, KeyPart } from "../plan/access.ts";
import { convertAnswer, type Evaluate } from "./evaluate.ts";
import type { Execution } from "./execution.ts";
import { evaluatorOf } from "./expression.ts";
import { holdRow } from "./held-row.ts";
import type { Rows, Site, Subquery } from "./site.ts";
import { giveWriter, takeWriter } from "./spare-room.ts";
import type { TableCursor } from "./table-cursor.ts";

interface Value {
  readonly tag: Tag;
  readonly value: SqlValue;
}

/** A way through one key. */
class KeyScan {
  readonly #execution: Execution;
  readonly #table: Table;
  readonly #cursor: TableCursor;
  readonly #access: KeyAccess;
  readonly #prefix: readonly Evaluate[];
  readonly #listed: readonly Evaluate[];
  readonly #listQuery: Subquery | undefined;
  readonly #lower: Evaluate | undefined;
  readonly #upper: Evaluate | undefined;
  #list: readonly Value[];
  /** All values of the list, where they are on disk: some of them at a time are in `#list`. */
  #stored: StoredRows | undefined;
  #storedReader: StoredRowsReader | undefined;
  /** The execution that the list of a constant query was read in. */
  #listExecution: number;
  #nextListed: number;
  #scan: BatchScan | undefined;
  /** Where it goes when it is closed. */
  #endedScans: BatchScan[];
  #count: number;
  #next: number;
  /** There is a row that was found by its whole key. */
  #isFound: boolean;

  constructor(execution: Execution, site: Site, table: Table, cursor: TableCursor, access: KeyAccess) {
    const { prefix, list, lower, upper } = access;
    this.#execution = execution;
    this.#table = table;
    this.#cursor = cursor;
    this.#access = access;
    this.#prefix = prefix.map((part) => converted(site, part));
    this.#listed = list?.kind === "values" ? list.values.map((part) => converted(site, part)) : [];
    this.#listQuery = list?.kind === "query" ? site.query(list.query) : undefined;
    this.#lower = lower === undefined ? undefined : converted(site, lower);
    this.#upper = upper === undefined ? undefined : converted(site, upper);
    this.#list = [];
    this.#stored = undefined;
    this.#storedReader = undefined;
    this.#listExecution = -1;
    if (list !== undefined) {
      execution.onEnd(() => {
        this.#list = [];
        this.#stored = undefined;
        this.#storedReader = undefined;
        this.#listExecution = -1;
        this.#nextListed = 0;
      });
    }
    this.#nextListed = 0;
    this.#scan = undefined;
    this.#endedScans = [];
    this.#count = 0;
    this.#next = 0;
    this.#isFound = false;
  }

  open(): void {
    this.close();
    const { list } = this.#access;
    const query = this.#listQuery;
    if (query?.isConstant !== true || this.#listExecution !== query.execution) {
      const { spill } = this.#execution;
      this.#stored?.close();
      this.#stored = query === undefined || spill === undefined ? undefined : this.#storeList(spill, query);
      this.#list = list === undefined ? NO_LIST : this.#stored === undefined ? this.#readList() : [];
      this.#listExecution = query?.execution ?? -1;
    }
    if (this.#stored !== undefined) {
      this.#list = [];
      this.#storedReader = this.#stored.reader();
    }
    this.#nextListed = 0;
  }

  next(): boolean {
    for (;;) {
      if (this.#isFound) {
        this.#isFound = false;
        return true;
      }
      if (this.#scan !== undefined && this.#advance(this.#scan)) {
        return true;
      }
      this.#closeScan();
      if (this.#nextListed === this.#list.length && !this.#loadListed()) {
        return false;
      }
      this.#begin(this.#list[this.#nextListed++]!);
    }
  }

  close(): void {
    this.#closeScan();
    this.#isFound = false;
    this.#nextListed = this.#list.length;
  }

  #closeScan(): void {
    const scan = this.#scan;
    if (scan !== undefined) {
      scan.close();
      this.#endedScans.push(scan);
      this.#scan = undefined;
    }
    this.#count = 0;
    this.#next = 0;
  }

  #advance(scan: BatchScan): boolean {
    const { index } = this.#access;
    if (this.#next === this.#count) {
      this.#count = scan.next();
      this.#next = 0;
      if (this.#count === 0) {
        return false;
      }
      countWork(this.#count);
      scan.keep(this.#count);
    }
    const i = this.#next++;
    if (index === undefined) {
      this.#cursor.takeFromBatch(scan, i);
      return true;
    }
    this.follow(scan.u8, scan.valueOffsets[i]!, scan.valueLengths[i]!);
    return true;
  }

  /** Goes to the row of a key: that of an entry of an index, which has it as its value, or one that was put aside. */
  follow(u8: Uint8Array, offset: number, length: number): void {
    const { reader } = this.#execution;
    this.#cursor.takeKey(u8, offset, length);
    const { key } = this.#cursor;
    if (!reader.get(this.#table.keyspace, key, 0, length)) {
      throw new DbError(
        "CORRUPT",
        `index ${this.#access.index?.name} leads to a row that is not there. Run nacre check`,
        {
          table: this.#table.name,
        },
      );
    }
    this.#cursor.takeFound(key, 0, length, reader.found);
  }

  #begin(listed: Value): void {
    const writer = takeWriter();
    try {
      this.#beginWith(writer, listed);
    } finally {
      giveWriter(writer);
    }
  }

  #beginWith(writer: KeyWriter, listed: Value): void {
    const { index, list, isPoint, reverse, orders } = this.#access;
    const { reader } = this.#execution;
    writer.begin();
    if (!this.#writePrefix(writer)) {
      return;
    }
    let columns = this.#prefix.length;
    if (list !== undefined) {
      writer.addOrdered(listed.tag, listed.value, orders[columns]!);
      columns++;
    }
    if (writer.isCut) {
      return;
    }
    const keyspace = index === undefined ? this.#table.keyspace : index.keyspace;
    if (isPoint) {
      if (!reader.get(keyspace, writer.bytes, 0, writer.length)) {
        return;
      }
      const { found } = reader;
      if (index === undefined) {
        this.#cursor.takeFound(writer.bytes, 0, writer.length, found);
      } else {
        this.follow(found.u8, found.valueOffset, found.valueLength);
      }
      this.#isFound = true;
      return;
    }
    const ends = this.#ends(writer, columns);
    if (ends !== undefined) {
      this.#endedScans = reader.endedScans;
      this.#scan = reader.scan(keyspace, ends.lower, ends.upper, reverse, reader.endedScans.pop());
    }
  }

  #writePrefix(writer: KeyWriter): boolean {
    const { prefix, orders } = this.#access;
    for (let column = 0; column < prefix.length; column++) {
      this.#prefix[column]!();
      if (answer.tag === NULL && !prefix[column]!.nullSafe) {
        return false;
      }
      writer.addOrdered(answer.tag, answered(), orders[column]!);
    }
    return true;
  }

  /** Undefined: there is nothing between them. */
  #ends(
    writer: KeyWriter,
    columns: number,
  ): { lower: Uint8Array | undefined; upper: Uint8Array | undefined } | undefined {
    const { lower, upper, orders } = this.#access;
    const order = orders[columns];
    const isDescending = order?.descending ?? false;
    const { length } = writer;
    const endOf = (
      evaluate: Evaluate | undefined,
      end: KeyAccess["lower"],
      isUpper: boolean,
    ): Uint8Array | null | undefined => {
      writer.goBack(length);
      if (evaluate === undefined) {
        if (order !== undefined && (lower !== undefined || upper !== undefined) && isUpper === isDescending) {
          // A bound on one side leaves NULL out on the other.
          writer.addOrdered(NULL, null, order);
          return rangeEnd(writer, !isUpper);
        }
        return length === 0 ? undefined : rangeEnd(writer, isUpper);
      }
      evaluate();
      if (answer.tag === NULL) {
        return null;
      }
      writer.addOrdered(answer.tag, answered(), order!);
      return rangeEnd(writer, end!.inclusive === isUpper);
    };
    const from = isDescending ? endOf(this.#upper, upper, false) : endOf(this.#lower, lower, false);
    const to = isDescending ? endOf(this.#lower, lower, true) : endOf(this.#upper, upper, true);
    return from === null || to === null ? undefined : { lower: from, upper: to };
  }

  /** The next values of a list that is on disk; false: there are none. */
  #loadListed(): boolean {
    const reader = this.#storedReader;
    if (reader === undefined) {
      return false;
    }
    const list: Value[] = [];
    while (list.length < LISTED_AT_ONCE && reader.next()) {
      const { tags, values } = reader.row(1);
      list.push({ tag: tags[0]!, value: values[0]! });
    }
    this.#list = list;
    this.#nextListed = 0;
    return list.length > 0;
  }

  /** What `#readList` reads, on disk. */
  #storeList(spill: Spill, query: Subquery): StoredRows {
    const { orders, prefix, list, reverse } = this.#access;
    const { collation, descending } = orders[prefix.length]!;
    const isDescending = descending !== reverse;
    const sorter = new ExternalSorter(spill, [{ descending: isDescending, nullsFirst: !isDescending, collation }]);
    const converted = (column: number): void => {
      query.answer(column);
      convertAnswer(list?.kind === "query" ? list.conversion : undefined);
    };
    try {
      query.open();
      while (query.next()) {
        const row = holdRow({ answer: converted }, 1);
        if (row.tags[0] !== NULL) {
          sorter.add(row, row);
        }
      }
    } finally {
      query.close();
    }
    const stored = new StoredRows(spill);
    const sorted = sorter.finish();
    while (sorted.next()) {
      if (!sorted.isAlike) {
        stored.add(sorted.row());
      }
    }
    sorted.close();
    return stored;
  }

  /** The values that the column is in: in the order of the key, each once. */
  #readList(): readonly Value[] {
    const { orders, prefix, list, reverse } = this.#access;
    const { collation, descending } = orders[prefix.length]!;
    const { heldRows, holding } = this.#execution;
    // Those of a list in the statement's text it holds already.
    const limit = list?.kind === "query" ? heldRows : Number.POSITIVE_INFINITY;
    const set = new ValueSet([collation], limit, list?.kind === "query" ? holding.bytes : undefined);
    const values: Value[] = [];
    const take = (): void => {
      const { tag } = answer;
      const value = tag === BLOB ? (answered() as Uint8Array).slice() : answered();
      if (tag === NULL) {
        return;
      }
      set.begin();
      set.value(0, tag, value);
      if (set.add() === values.length) {
        values.push({ tag, value });
      }
    };
    if (list?.kind === "query") {
      const query = this.#listQuery!;
      try {
        query.open();
        while (query.next()) {
          query.answer(0);
          convertAnswer(list.conversion);
          take();
        }
      } finally {
        query.close();
      }
    } else {
      for (const evaluate of this.#listed) {
        evaluate();
        take();
      }
    }
    const sign = descending !== reverse ? -1 : 1;
    return values.sort((a, b) => sign * compareValues(a.tag, a.value, b.tag, b.value, collation));
  }
}

/** Of a list that is on disk. */
const LISTED_AT_ONCE = 64;
const NO_LIST: readonly Value[] = [{ tag: NULL, value: null }];

function converted(site: Site, part: Pick<KeyPart, "value" | "conversion">): Evaluate {
  const evaluate = evaluatorOf(site, part.value);
  const { conversion } = part;
  return conversion === undefined
    ? evaluate
    : () => {
        evaluate();
        convertAnswer(conversion);
      };
}

export class TableScan implements Rows {
  readonly #cursor: TableCursor;
  readonly #parts: readonly KeyScan[];
  readonly #execution: Execution;
  /** Rows that several ways may lead to: the keys that were there. */
  #seen: ValueSet | DistinctRows | undefined;
  /** Keys of rows for which there was no room in memory, when all ways are gone. */
  #rest: SortedRows | undefined;
  #part: number;

  constructor(execution: Execution, site: Site, table: Table, cursor: TableCursor, access: Access) {
    const parts = access.kind === "union" ? access.parts : [access];
    this.#cursor = cursor;
    this.#parts = parts.map((part) => new KeyScan(execution, site, table, cursor, part));
    this.#execution = execution;
    this.#seen = undefined;
    this.#rest = undefined;
    this.#part = 0;
  }

  open(): void {
    this.#letGo();
    this.#seen = this.#parts.length === 1 ? undefined : this.#newSet();
    this.#part = 0;
    this.#parts[0]!.open();
  }

  next(): boolean {
    while (this.#part < this.#parts.length) {
      if (!this.#parts[this.#part]!.next()) {
        this.#parts[this.#part++]!.close();
        this.#parts[this.#part]?.open();
      } else if (this.#isNew()) {
        return true;
      }
    }
    return this.#seen instanceof DistinctRows && this.#nextOfRest(this.#seen);
  }

  close(): void {
    for (const part of this.#parts) {
      part.close();
    }
    this.#letGo();
  }

  setMissing(): void {
    this.#cursor.isMissing = true;
  }

  #newSet(): ValueSet | DistinctRows {
    const { spill, heldRows, holding } = this.#execution;
    return spill === undefined
      ? new ValueSet([undefined], heldRows, holding.bytes)
      : new DistinctRows(spill, [undefined]);
  }

  #isNew(): boolean {
    const seen = this.#seen;
    if (seen === undefined) {
      return true;
    }
    const key = this.#cursor.key.subarray(0, this.#cursor.keyLength);
    if (seen instanceof DistinctRows) {
      const row = { tags: [BLOB], values: [key] } as const;
      return seen.isNew(row, row);
    }
    const { count } = seen;
    seen.begin();
    seen.value(0, BLOB, key);
    return seen.add() === count;
  }

  #nextOfRest(seen: DistinctRows): boolean {
    this.#rest ??= seen.rest();
    if (this.#rest?.next() !== true) {
      return false;
    }
    const key = this.#rest.row().values[0] as Uint8Array;
    this.#parts[0]!.follow(key, 0, key.length);
    return true;
  }

  #letGo(): void {
    if (this.#seen instanceof DistinctRows) {
      this.#seen.close();
    }
    this.#seen = undefined;
    this.#rest = undefined;
  }
}
