/**
 * Room that interpreted statements need while they run, and hand on to the next when they end: a typed array lies outside of V8's
 * heap, and a statement that runs once would pay as much for its arrays as for being bound.
 *
 * Whoever does not give room back loses it to the garbage collector, no more.
 */
import { KeyWriter } from "../../key.ts";

const INITIAL_BYTES = 256;
/** Rows longer than that are seldom, and their room is let go. */
const MOST_BYTES = 65_536;
const MOST_SPARE = 32;

/** Copies of a row and of its key. */
export class RowRoom {
  key: Uint8Array;
  row: Uint8Array;
  data: DataView;

  constructor() {
    this.key = new Uint8Array(INITIAL_BYTES);
    this.row = new Uint8Array(INITIAL_BYTES);
    this.data = new DataView(this.row.buffer);
  }

  reserveKey(length: number): void {
    if (length > this.key.length) {
      this.key = new Uint8Array(Math.max(length, this.key.length * 2));
    }
  }

  reserveRow(length: number): void {
    if (length > this.row.length) {
      this.row = new Uint8Array(Math.max(length, this.row.length * 2));
      this.data = new DataView(this.row.buffer);
    }
  }
}

const rooms: RowRoom[] = [];
const writers: KeyWriter[] = [];

export function takeRoom(): RowRoom {
  return rooms.pop() ?? new RowRoom();
}

export function giveRoom(room: RowRoom): void {
  if (rooms.length < MOST_SPARE && room.row.length <= MOST_BYTES) {
    rooms.push(room);
  }
}

/** For keys that are looked for. */
export function takeWriter(): KeyWriter {
  return writers.pop() ?? new KeyWriter("looked for");
}

export function giveWriter(writer: KeyWriter): void {
  if (writers.length < MOST_SPARE && writer.bytes.length <= MOST_BYTES) {
    writers.push(writer);
  }
}
