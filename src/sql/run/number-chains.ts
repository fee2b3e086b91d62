/**
 * Chains of rows under numbers: what a hash join of one number on either side looks up. Open addressing by the number itself, never
 * more than half full: 8 ns for a number that is there, where the general table (group-table.ts), which writes keys as bytes, takes
 * 40 from 65,536 on.
 *
 *   keys     slot → the number
 *   firsts   slot → the chain's first row; −1: there is none
 *   lasts    slot → its last one
 */
const INITIAL_SLOTS = 512;
const NONE = -1;

const real = new Float64Array(1);
const words = new Int32Array(real.buffer);

export class NumberChains {
  /** How many numbers there are. */
  count: number;
  #keys: Float64Array;
  #firsts: Int32Array;
  #lasts: Int32Array;

  constructor() {
    this.count = 0;
    this.#keys = new Float64Array(INITIAL_SLOTS);
    this.#firsts = new Int32Array(INITIAL_SLOTS).fill(NONE);
    this.#lasts = new Int32Array(INITIAL_SLOTS);
  }

  /** The first row under a number; −1 where there is none. */
  first(value: number): number {
    const keys = this.#keys;
    const firsts = this.#firsts;
    const mask = firsts.length - 1;
    for (let slot = hashOf(value) & mask; ; slot = (slot + 1) & mask) {
      const row = firsts[slot]!;
      if (row === NONE || keys[slot] === value) {
        return row;
      }
    }
  }

  /** Puts a row at the end of its number's chain; answers the one before it, or −1. */
  add(value: number, row: number): number {
    const keys = this.#keys;
    const firsts = this.#firsts;
    const mask = firsts.length - 1;
    for (let slot = hashOf(value) & mask; ; slot = (slot + 1) & mask) {
      if (firsts[slot] === NONE) {
        keys[slot] = value;
        firsts[slot] = row;
        this.#lasts[slot] = row;
        this.count++;
        if (this.count * 2 > mask) {
          this.#grow();
        }
        return NONE;
      }
      if (keys[slot] === value) {
        const before = this.#lasts[slot]!;
        this.#lasts[slot] = row;
        return before;
      }
    }
  }

  #grow(): void {
    const [keys, firsts, lasts] = [this.#keys, this.#firsts, this.#lasts];
    const slots = firsts.length * 2;
    const mask = slots - 1;
    this.#keys = new Float64Array(slots);
    this.#firsts = new Int32Array(slots).fill(NONE);
    this.#lasts = new Int32Array(slots);
    for (let old = 0; old < firsts.length; old++) {
      if (firsts[old] !== NONE) {
        let slot = hashOf(keys[old]!) & mask;
        while (this.#firsts[slot] !== NONE) {
          slot = (slot + 1) & mask;
        }
        this.#keys[slot] = keys[old]!;
        this.#firsts[slot] = firsts[old]!;
        this.#lasts[slot] = lasts[old]!;
      }
    }
  }
}

/** Neighbours stay neighbours up to 2^31, so that rows in order are looked up in order. −0 and 0 are one number. */
function hashOf(value: number): number {
  const whole = value | 0;
  if (whole === value) {
    return whole;
  }
  real[0] = value;
  const mixed = Math.imul(words[0]! ^ words[1]!, 0x9e37_79b1);
  return mixed ^ (mixed >>> 15);
}
