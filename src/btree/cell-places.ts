/**
 * Where the cells of a leaf lie, for many of them at once: 1.5 ns a cell, where standing on each takes 8.
 *
 * Only plain cells (no deadline, no extent, no tombstone and no operand): a run of them ends before the first other one.
 */
import { INFO_BYTES, INFO_FLAGS } from "./page.ts";

/** Where cells lie: the rests of their keys, behind the page's prefix, and their values; offsets are into `u8`. */
export interface CellPlaces {
  readonly keyOffsets: Uint32Array;
  readonly keyLengths: Uint32Array;
  readonly valueOffsets: Uint32Array;
  readonly valueLengths: Uint32Array;
}

/** The arrays that a leaf lies in, its offset in them, and the index of its slot 0 in `u16`. */
export interface LeafPlace {
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly data: DataView;
  readonly base: number;
  readonly slots: number;
}

/** Writes where the cells of slots `from` to `to` lie into the arrays from `at` on; returns the slot behind the last plain one. */
export function placeCells(leaf: LeafPlace, from: number, to: number, at: number, places: CellPlaces): number {
  const { u8, u16, base, slots } = leaf;
  const { keyOffsets, keyLengths, valueOffsets, valueLengths } = places;
  let slot = from;
  for (let row = at; slot < to; slot++, row++) {
    const cell = base + u16[slots + slot]!;
    const info = u8[cell]! | (u8[cell + 1]! << 8);
    if (info >= INFO_FLAGS) {
      break;
    }
    const value = cell + INFO_BYTES + info;
    keyOffsets[row] = cell + INFO_BYTES;
    keyLengths[row] = info;
    valueOffsets[row] = value;
    valueLengths[row] = base + u16[slots + slot + 1]! - value;
  }
  return slot;
}

/** The same for where values begin, and nothing else. */
export function placeValues(leaf: LeafPlace, from: number, to: number, at: number, offsets: Uint32Array): number {
  const { u16, data, base, slots } = leaf;
  let slot = from;
  for (let row = at; slot < to; slot++, row++) {
    const cell = base + u16[slots + slot]!;
    const info = data.getUint16(cell, true);
    if (info >= INFO_FLAGS) {
      break;
    }
    offsets[row] = cell + INFO_BYTES + info;
  }
  return slot;
}

/** The same for plain cells of given slots, as many as `count`. */
export function placeValuesOf(leaf: LeafPlace, chosen: Uint16Array, count: number, offsets: Uint32Array): void {
  const { u16, data, base, slots } = leaf;
  for (let row = 0; row < count; row++) {
    const cell = base + u16[slots + chosen[row]!]!;
    offsets[row] = cell + INFO_BYTES + data.getUint16(cell, true);
  }
}

/** The rest of what `placeCells` writes, of cells that are plain: their keys, and how long the values are. */
export function placeKeys(leaf: LeafPlace, from: number, to: number, at: number, places: CellPlaces): void {
  const { u16, data, base, slots } = leaf;
  const { keyOffsets, keyLengths, valueLengths } = places;
  for (let slot = from, row = at; slot < to; slot++, row++) {
    const cell = base + u16[slots + slot]!;
    const length = data.getUint16(cell, true);
    keyOffsets[row] = cell + INFO_BYTES;
    keyLengths[row] = length;
    valueLengths[row] = base + u16[slots + slot + 1]! - cell - INFO_BYTES - length;
  }
}
