/** A copy of what a lookup has found, for as long as other reads go on. */
import { copyBytes } from "../../bytes.ts";

const INITIAL_BYTES = 256;

export class RowCopy {
  u8: Uint8Array;
  data: DataView;
  length: number;

  constructor() {
    this.u8 = new Uint8Array(INITIAL_BYTES);
    this.data = new DataView(this.u8.buffer);
    this.length = 0;
  }

  take(u8: Uint8Array, offset: number, length: number): void {
    if (length > this.u8.length) {
      this.u8 = new Uint8Array(Math.max(length, this.u8.length * 2));
      this.data = new DataView(this.u8.buffer);
    }
    copyBytes(u8, offset, this.u8, 0, length);
    this.length = length;
  }
}
