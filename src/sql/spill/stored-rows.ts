/** Rows that are gone through as often as needed, in the order in which they came. */
import type { HeldRow } from "../query/interpret/held-row.ts";
import { readColumn } from "../row.ts";
import { appendEntry, decodeRow, encodeRow, RunReader } from "./entries.ts";
import type { Spill, SpillFile } from "./spill.ts";

export class StoredRows {
  count: number;
  readonly #spill: Spill;
  readonly #file: SpillFile;

  constructor(spill: Spill) {
    this.count = 0;
    this.#spill = spill;
    this.#file = spill.newFile();
  }

  add(row: HeldRow): void {
    const { bytes, length } = encodeRow(row, undefined);
    const rowData = NO_DATA;
    appendEntry(this.#file, {
      key: NO_BYTES,
      keyOffset: 0,
      keyLength: 0,
      isPartial: false,
      row: bytes,
      rowData,
      rowOffset: 0,
      rowLength: length,
    });
    this.count++;
  }

  /** Goes through the rows that are there now. */
  reader(): StoredRowsReader {
    return new StoredRowsReader(new RunReader(this.#file, 0, this.#file.sizeBytes, this.#spill.blockBytes));
  }

  close(): void {
    this.#file.close();
  }
}

const NO_BYTES = new Uint8Array(0);
const NO_DATA = new DataView(NO_BYTES.buffer);

export class StoredRowsReader {
  readonly #entries: RunReader;

  constructor(entries: RunReader) {
    this.#entries = entries;
  }

  next(): boolean {
    return this.#entries.next();
  }

  answer(column: number): void {
    const { row, rowData, rowOffset } = this.#entries;
    readColumn(row, rowData, rowOffset, column);
  }

  row(columns: number): HeldRow {
    return decodeRow(this.#entries, 0, columns);
  }
}
