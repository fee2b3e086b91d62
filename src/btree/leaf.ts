/** A leaf as a scan sees it that may pass over it, or over cells of it. */

/** A leaf where a cursor stands. */
export interface Leaf {
  readonly page: number;
  /** The same in a page of the same number: it is the same leaf. */
  readonly birth: number;
  readonly checksum: number;
  readonly u8: Uint8Array;
  readonly data: DataView;
  /** Writes where the values of its cells begin; returns how many, or −1 where one of them does not lie in the page. */
  valuesInto(offsets: Uint32Array): number;
}

export interface LeafFilter {
  /** The pages that it is asked of from now on are of the tree with this root, which `birth` and `checksum` tell from others there. */
  reads(root: number, birth: number, checksum: number): void;
  /** Whether nothing of what the leaf in a page of that tree holds is wanted, where that is known without reading it. */
  leavesOutPage(page: number): boolean;
  /** Whether nothing of what the leaf holds is wanted. */
  leavesOut(leaf: Leaf): boolean;
  /**
   * Of a leaf that it does not leave out: writes which cells may be wanted of those from slot `from` below `to`, ascending; returns
   * how many, or −1 where all may be. Where it does not return −1, all cells are plain (cell-places.ts).
   */
  select(leaf: Leaf, from: number, to: number, slots: Uint16Array): number;
}
