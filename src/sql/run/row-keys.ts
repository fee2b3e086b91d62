/** Keys of rows that several ways lead to: each once, in the order in which it was found first. */
import { copyBytes } from "../../bytes.ts";
import { BLOB } from "../value/value.ts";
import { grown } from "./group-table.ts";
import { ValueSet } from "./value-set.ts";

const INITIAL_KEYS = 64;

export class RowKeys {
  count: number;
  /** Key i is `bytes[starts[i], starts[i + 1])`. */
  bytes: Uint8Array;
  starts: Uint32Array;
  readonly #seen: ValueSet;

  constructor(limit: number) {
    this.count = 0;
    this.bytes = new Uint8Array(INITIAL_KEYS * 16);
    this.starts = new Uint32Array(INITIAL_KEYS + 1);
    this.#seen = new ValueSet([undefined], limit);
  }

  /** Adds a key in two parts. */
  add(
    prefix: Uint8Array,
    prefixOffset: number,
    prefixLength: number,
    rest: Uint8Array,
    restOffset: number,
    restLength: number,
  ): void {
    const start = this.starts[this.count]!;
    const end = start + prefixLength + restLength;
    if (end > this.bytes.length) {
      this.bytes = grown(this.bytes, new Uint8Array(Math.max(end, this.bytes.length * 2)));
    }
    if (this.count + 1 === this.starts.length) {
      this.starts = grown(this.starts, new Uint32Array(this.starts.length * 2));
    }
    copyBytes(prefix, prefixOffset, this.bytes, start, prefixLength);
    copyBytes(rest, restOffset, this.bytes, start + prefixLength, restLength);
    this.#seen.begin();
    this.#seen.value(0, BLOB, this.bytes.subarray(start, end));
    if (this.#seen.add() === this.count) {
      this.starts[++this.count] = end;
    }
  }
}
