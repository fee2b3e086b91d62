/**
 * The rows of a query with window functions, kept column by column, and the values of the functions beside them. The interpreter
 * and generated code fill it, have it worked out, and read it in the same way:
 *
 *   row = table.newRow(); table.columns[i].set(row, …)        what windows and what comes behind them need of a row
 *   table.compute(ends)                                       sorts for each window, goes through its partitions
 *   table.order[…], table.columns, table.results              rows in the order of the last window
 *
 * Bounds: `limit` rows and `bytes` of them, about; beyond them FULL.
 */
import { isAggregate } from "./aggregate-function.ts";
import { Cells } from "./cells.ts";
import { checkSampledBytes, MOST_HELD_BYTES, tooManyRows } from "./holding.ts";
import { likenessOf, type OrderTerm, orderRows } from "./row-order.ts";
import type { FrameEnds, TableCall, TableWindow, WindowKey } from "./window-call.ts";
import { computeAggregate, computeFunction, type PartitionRows } from "./window-values.ts";

/** Functions to which neither a frame nor peers matter. */
const WITHOUT_PEERS: ReadonlySet<string> = new Set(["row_number", "lag", "lead", "ntile"]);

export class WindowTable {
  readonly columns: readonly Cells[];
  /** Of each call its values. */
  readonly results: readonly Cells[];
  count: number;
  order: Uint32Array;
  readonly #calls: readonly TableCall[];
  readonly #limit: number;
  readonly #bytes: number;
  #capacity: number;

  constructor(columns: number, calls: readonly TableCall[], limit: number, bytes: number = MOST_HELD_BYTES) {
    this.columns = Array.from({ length: columns }, () => new Cells());
    this.results = calls.map(() => new Cells());
    this.count = 0;
    this.order = new Uint32Array(0);
    this.#calls = calls;
    this.#limit = limit;
    this.#bytes = bytes;
    this.#capacity = 0;
  }

  /** The number of one more row, whose columns are to be set. */
  newRow(): number {
    const row = this.count;
    if (row === this.#limit) {
      throw tooManyRows(this.#limit);
    }
    if (row === this.#capacity) {
      checkSampledBytes(row, (at) => this.columns.map((column) => column.value(at)), this.#bytes);
      this.#capacity = Math.max(64, this.#capacity * 2);
      for (const column of this.columns) {
        column.reserve(this.#capacity);
      }
    }
    this.count = row + 1;
    return row;
  }

  /** `endsOf` says where the frames of a call begin and end; it is not asked where there is no row. */
  compute(endsOf: (call: number) => FrameEnds): void {
    const { count } = this;
    let sortedBy: TableWindow | undefined;
    for (const [index, call] of this.#calls.entries()) {
      const { window } = call;
      if (window !== sortedBy) {
        this.order = orderRows(this.#terms([...window.partition, ...window.ordering]), count);
        sortedBy = window;
      }
      if (count > 0) {
        this.results[index]!.reserve(count);
        this.#computeCall(index, call, endsOf(index));
      }
    }
  }

  #computeCall(index: number, call: TableCall, ends: FrameEnds): void {
    const { order, count } = this;
    const isAlike = likenessOf(this.#terms(call.window.partition), count);
    const ordering = this.#terms(call.window.ordering);
    const isPeer = likenessOf(ordering, count);
    const hasPeers =
      !WITHOUT_PEERS.has(call.function.name) &&
      !(isAggregate(call.function) && call.unit === "rows" && call.exclusion === "no others");
    for (let from = 0; from < count; ) {
      let to = from + 1;
      while (to < count && isAlike(order[to - 1]!, order[to]!)) {
        to++;
      }
      const rows = order.subarray(from, to);
      const partition: PartitionRows = {
        rows,
        ...(hasPeers ? peersOf(rows, isPeer) : NO_PEERS),
        key: ordering[0],
        ends,
        call,
        columns: this.columns,
        result: this.results[index]!,
      };
      isAggregate(call.function)
        ? computeAggregate(partition, call.function)
        : computeFunction(partition, call.function);
      from = to;
    }
  }

  #terms(keys: readonly WindowKey[]): OrderTerm[] {
    return keys.map(({ place, descending, nullsFirst, collation }) => ({
      cells: this.columns[place]!,
      descending,
      nullsFirst,
      collation,
    }));
  }
}

const NO_PEERS = { peerSets: new Uint32Array(0), setStarts: new Uint32Array(0) };

/** Of each row the number of its set of peers, and where each set begins; one more is where the last one ends. */
function peersOf(
  rows: Uint32Array,
  isPeer: (a: number, b: number) => boolean,
): { readonly peerSets: Uint32Array; readonly setStarts: Uint32Array } {
  const peerSets = new Uint32Array(rows.length);
  const setStarts = new Uint32Array(rows.length + 1);
  let set = 0;
  for (let position = 1; position < rows.length; position++) {
    if (!isPeer(rows[position - 1]!, rows[position]!)) {
      setStarts[++set] = position;
    }
    peerSets[position] = set;
  }
  setStarts[set + 1] = rows.length;
  return { peerSets, setStarts: setStarts.subarray(0, set + 2) };
}
