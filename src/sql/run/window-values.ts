/** The values of one call of a window function, or of an aggregate over frames, in the rows of one partition. */
import type { SqlValue, Tag } from "../value/value.ts";
import type { AggregateFunction, WindowFunction, WindowPlace } from "./aggregate-function.ts";
import type { Cells } from "./cells.ts";
import type { OrderTerm } from "./row-order.ts";
import type { FrameEnds, TableCall } from "./window-call.ts";
import { frameEndAt, frameStartAt, type Partition, rowOf, rowsOf } from "./window-frame.ts";

/** The rows of a partition in the order of its window. */
export interface PartitionRows {
  readonly rows: Uint32Array;
  readonly peerSets: Uint32Array;
  readonly setStarts: Uint32Array;
  /** The first term of ORDER BY. */
  readonly key: OrderTerm | undefined;
  readonly ends: FrameEnds;
  readonly call: TableCall;
  readonly columns: readonly Cells[];
  readonly result: Cells;
}

function frames({ rows, peerSets, setStarts, key }: PartitionRows): Partition {
  return {
    size: rows.length,
    peerSets,
    setStarts,
    answerKey: (position) => key!.cells.answer(rows[position]!),
    isDescending: key?.descending ?? false,
  };
}

export function computeAggregate(partition: PartitionRows, found: AggregateFunction): void {
  const { rows, call, ends, result } = partition;
  const { unit, exclusion } = call;
  const ofFrames = frames(partition);
  const running = new Running(found.moving ?? found, partition);
  let lastFrom = -1;
  let lastTo = -1;
  for (let position = 0; position < rows.length; position++) {
    const from = frameStartAt(ofFrames, unit, ends.start, position);
    const to = Math.max(from, frameEndAt(ofFrames, unit, ends.end, position));
    if (exclusion !== "no others") {
      running.addAll(rowsOf(ofFrames, { from, to }, exclusion, position));
    } else if (from === lastFrom && to === lastTo) {
      // The same frame: the same value.
      result.repeat(rows[position]!, rows[position - 1]!);
      continue;
    } else {
      running.moveTo(from, to);
    }
    running.answer();
    result.take(rows[position]!);
    lastFrom = from;
    lastTo = to;
  }
}

export function computeFunction(partition: PartitionRows, found: WindowFunction): void {
  const { rows, result } = partition;
  const place = new Place(partition);
  for (let position = 0; position < rows.length; position++) {
    place.goTo(position);
    found.answerAt(place);
    result.take(rows[position]!);
  }
}

class Place implements WindowPlace {
  position: number;
  readonly size: number;
  readonly arguments: number;
  readonly #partition: PartitionRows;
  readonly #frames: Partition;

  constructor(partition: PartitionRows) {
    this.position = 0;
    this.size = partition.rows.length;
    this.arguments = partition.call.list.length;
    this.#partition = partition;
    this.#frames = frames(partition);
  }

  goTo(position: number): void {
    this.position = position;
  }

  get peersBefore(): number {
    return this.#partition.peerSets[this.position]!;
  }

  get peersFrom(): number {
    return this.#partition.setStarts[this.peersBefore]!;
  }

  get peersTo(): number {
    return this.#partition.setStarts[this.peersBefore + 1]!;
  }

  inFrame(number: number): number | undefined {
    const { ends, call } = this.#partition;
    const { position } = this;
    const from = frameStartAt(this.#frames, call.unit, ends.start, position);
    const to = Math.max(from, frameEndAt(this.#frames, call.unit, ends.end, position));
    return rowOf(this.#frames, { from, to }, call.exclusion, position, number);
  }

  argument(position: number, index: number): void {
    const { columns, call, rows } = this.#partition;
    columns[call.list[index]!]!.answer(rows[position]!);
  }
}

/** An aggregate over a frame that moves: what enters is added and what leaves taken away, if the function can do that. */
class Running {
  readonly #function: AggregateFunction;
  readonly #partition: PartitionRows;
  readonly #columns: readonly Cells[];
  readonly #filter: Cells | undefined;
  /** Arguments of the row at hand. */
  readonly #tags: Tag[];
  readonly #values: SqlValue[];
  #state: unknown;
  #from: number;
  #to: number;

  constructor(found: AggregateFunction, partition: PartitionRows) {
    const { call, columns } = partition;
    this.#function = found;
    this.#partition = partition;
    this.#columns = call.list.map((place) => columns[place]!);
    this.#filter = call.filter < 0 ? undefined : columns[call.filter]!;
    this.#tags = [];
    this.#values = [];
    this.#state = found.begin(call.collation);
    this.#from = 0;
    this.#to = 0;
  }

  moveTo(from: number, to: number): void {
    const { remove } = this.#function;
    if (from < this.#from || to < this.#to || from > this.#to || (from > this.#from && remove === undefined)) {
      this.#state = this.#function.begin(this.#partition.call.collation);
      this.#from = from;
      this.#to = from;
    }
    // As in SQLite what leaves goes first: of reals, and of integers that nearly overflow, the sums depend on it.
    while (this.#from < from) {
      if (this.#read(this.#from++)) {
        remove!(this.#state, this.#tags, this.#values);
      }
    }
    while (this.#to < to) {
      this.#add(this.#to++);
    }
  }

  addAll(positions: Iterable<number>): void {
    this.#state = this.#function.begin(this.#partition.call.collation);
    for (const position of positions) {
      this.#add(position);
    }
  }

  answer(): void {
    this.#function.answer(this.#state);
  }

  #add(position: number): void {
    if (this.#read(position)) {
      this.#function.add(this.#state, this.#tags, this.#values);
    }
  }

  /** Reads the arguments of a row; false: FILTER leaves it out. */
  #read(position: number): boolean {
    const row = this.#partition.rows[position]!;
    if (this.#filter !== undefined && this.#filter.numbers[row] !== 1) {
      return false;
    }
    const columns = this.#columns;
    for (let index = 0; index < columns.length; index++) {
      const cells = columns[index]!;
      this.#tags[index] = cells.tags[row] as Tag;
      this.#values[index] = cells.value(row);
    }
    return true;
  }
}
