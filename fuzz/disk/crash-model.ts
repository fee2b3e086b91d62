/**
 * What a crash may leave of a file and of a directory.
 *
 * A file, since its last sync:
 *
 *   size    s0 ── write ── s1 ── truncate ── s2          the size after any of the operations, s0 included
 *   sector  v0 ── write ── v1 ── write ── v2             each 512-byte sector as it was after any of them, v0 included
 *
 * The page cache holds the newest version of a sector and writes it back whenever it likes: so a sector on disk is one
 * of its versions, entire, whatever the others are. That is a write lost, kept, torn between sectors, or overtaken by
 * a later one. Changes of size are taken in order, and with them what a cut erases: if the cut is on disk the sectors
 * behind it are the zeros or newer, if it is not they are older than it.
 *
 * A directory, since its last sync: each creation, removal and rename reached the disk or did not, by itself; a rename
 * entirely or not at all.
 *
 * A sync that failed leaves its file as Linux does: what was to be written counts as written, and never is. The
 * versions are dropped, the running program still reads its own bytes, and only a sector that is written again gets
 * another chance (with all that the page cache holds of it).
 */
import { assert } from "../../src/assert.ts";
import type { Rng } from "../../src/random.ts";

export const SECTOR_BYTES = 512;

interface SectorVersion {
  readonly operation: number;
  readonly bytes: Uint8Array;
  /** Made by a cut, not by a write. */
  readonly isErased: boolean;
}

interface SizeChange {
  readonly operation: number;
  readonly sizeBytes: number;
}

/** How many of the unsynced changes an image keeps. */
export type Keep = "none" | "all" | "some" | "most";

const KEEPS: readonly Keep[] = ["none", "all", "some", "some", "some", "most"];

export function drawKeep(rng: Rng): Keep {
  return KEEPS[rng.next() % KEEPS.length]!;
}

/** A number from 0 to `last`, the number of changes kept. */
function drawVersion(rng: Rng, keep: Keep, last: number): number {
  if (keep === "none") {
    return 0;
  }
  if (keep === "all" || (keep === "most" && rng.next() % 8 !== 0)) {
    return last;
  }
  return rng.next() % (last + 1);
}

export class FileModel {
  /** What the running program reads. */
  readonly live: GrowingBytes = new GrowingBytes();
  /** What is certain to be on disk. */
  readonly #durable: GrowingBytes = new GrowingBytes();
  readonly #sectors = new Map<number, SectorVersion[]>();
  #sizes: SizeChange[] = [];

  static withBytes(bytes: Uint8Array): FileModel {
    const file = new FileModel();
    for (const content of [file.live, file.#durable]) {
      content.resize(bytes.length);
      content.bytes.set(bytes);
    }
    return file;
  }

  write(operation: number, bytes: Uint8Array, position: number): void {
    const end = position + bytes.length;
    if (end > this.live.size) {
      this.#resize(operation, end);
    }
    this.live.bytes.set(bytes, position);
    for (let sector = Math.floor(position / SECTOR_BYTES); sector * SECTOR_BYTES < end; sector++) {
      this.#addVersion(operation, sector, false);
    }
  }

  truncate(operation: number, sizeBytes: number): void {
    const oldSectors = Math.ceil(this.live.size / SECTOR_BYTES);
    this.#resize(operation, sizeBytes);
    for (let sector = Math.floor(sizeBytes / SECTOR_BYTES); sector < oldSectors; sector++) {
      this.#addVersion(operation, sector, true);
    }
  }

  /** Everything up to, and with, `operation` is on disk. */
  sync(operation: number): void {
    const sizes = this.#sizes.filter((change) => change.operation <= operation);
    const largest = sizes.reduce((most, change) => Math.max(most, change.sizeBytes), this.#durable.size);
    this.#durable.resize(largest);
    for (const [sector, versions] of this.#sectors) {
      const newest = versions.findLast((version) => version.operation <= operation);
      if (newest !== undefined) {
        putSector(this.#durable.bytes, this.#durable.size, sector, newest.bytes);
      }
      const newer = versions.filter((version) => version.operation > operation);
      if (newer.length === 0) {
        this.#sectors.delete(sector);
      } else {
        this.#sectors.set(sector, newer);
      }
    }
    this.#durable.resize(sizes.at(-1)?.sizeBytes ?? this.#durable.size);
    this.#sizes = this.#sizes.slice(sizes.length);
  }

  /** A sync failed: what was written counts as clean. Sizes and what cuts erased, being metadata, stay undecided. */
  loseUnsynced(): void {
    for (const [sector, versions] of this.#sectors) {
      const erased = versions.filter((version) => version.isErased);
      if (erased.length === 0) {
        this.#sectors.delete(sector);
      } else {
        this.#sectors.set(sector, erased);
      }
    }
  }

  /** One legal content of the file after a crash. */
  image(rng: Rng, keep: Keep): Uint8Array {
    const taken = drawVersion(rng, keep, this.#sizes.length);
    const size = taken === 0 ? this.#durable.size : this.#sizes[taken - 1]!.sizeBytes;
    const bytes = new Uint8Array(size);
    bytes.set(this.#durable.bytes.subarray(0, Math.min(size, this.#durable.size)));
    for (const [sector, versions] of this.#sectors) {
      const legal = this.#legalVersions(versions, taken);
      const chosen = drawVersion(rng, keep, legal.last - legal.first) + legal.first;
      if (chosen > 0) {
        putSector(bytes, size, sector, versions[chosen - 1]!.bytes);
      }
    }
    return bytes;
  }

  /** The range of versions (0: the durable one) that go with the first `taken` changes of size. */
  #legalVersions(versions: readonly SectorVersion[], taken: number): { first: number; last: number } {
    const decided = taken === 0 ? -1 : this.#sizes[taken - 1]!.operation;
    const next = this.#sizes[taken]?.operation ?? Number.POSITIVE_INFINITY;
    const first = versions.findLastIndex((version) => version.isErased && version.operation <= decided) + 1;
    const cut = versions.findIndex((version) => version.isErased && version.operation >= next);
    const last = cut < 0 ? versions.length : cut;
    assert(first <= last, "a sector has a version that goes with the size");
    return { first, last };
  }

  #resize(operation: number, sizeBytes: number): void {
    this.live.resize(sizeBytes);
    this.#sizes.push({ operation, sizeBytes });
  }

  #addVersion(operation: number, sector: number, isErased: boolean): void {
    const start = sector * SECTOR_BYTES;
    const bytes = this.live.bytes.slice(start, start + SECTOR_BYTES);
    const versions = this.#sectors.get(sector);
    if (versions === undefined) {
      this.#sectors.set(sector, [{ operation, bytes, isErased }]);
    } else {
      versions.push({ operation, bytes, isErased });
    }
  }
}

/** Zeros from `size` on, always; capacity in whole sectors. */
class GrowingBytes {
  bytes: Uint8Array = new Uint8Array(SECTOR_BYTES);
  size = 0;

  resize(sizeBytes: number): void {
    if (sizeBytes < this.size) {
      this.bytes.fill(0, sizeBytes, this.size);
    } else if (sizeBytes > this.bytes.length) {
      const sectors = Math.ceil(Math.max(sizeBytes, this.bytes.length * 2) / SECTOR_BYTES);
      const grown = new Uint8Array(sectors * SECTOR_BYTES);
      grown.set(this.bytes);
      this.bytes = grown;
    }
    this.size = sizeBytes;
  }
}

/** What lies past `size` is cut. A version taken before its file was extended ends early: the rest is zeros. */
function putSector(into: Uint8Array, size: number, sector: number, bytes: Uint8Array): void {
  const start = sector * SECTOR_BYTES;
  if (start < size) {
    into.set(bytes.subarray(0, Math.min(SECTOR_BYTES, size - start)), start);
  }
}

type DirectoryChange =
  | { readonly kind: "create"; readonly name: string; readonly file: FileModel }
  | { readonly kind: "remove"; readonly name: string }
  | { readonly kind: "rename"; readonly from: string; readonly to: string; readonly file: FileModel };

export class DirectoryModel {
  readonly live: Map<string, FileModel> = new Map();
  #durable = new Map<string, FileModel>();
  #changes: DirectoryChange[] = [];

  /** A file that is there, and on disk, from the beginning. */
  place(name: string, file: FileModel): void {
    this.live.set(name, file);
    this.#durable.set(name, file);
  }

  create(name: string): FileModel {
    const file = new FileModel();
    this.#apply({ kind: "create", name, file });
    return file;
  }

  remove(name: string): void {
    this.#apply({ kind: "remove", name });
  }

  rename(from: string, to: string): void {
    this.#apply({ kind: "rename", from, to, file: this.live.get(from)! });
  }

  sync(): void {
    this.#durable = new Map(this.live);
    this.#changes = [];
  }

  /** One legal directory after a crash, with a legal content of each file. */
  image(rng: Rng): Map<string, Uint8Array> {
    const keep = drawKeep(rng);
    const names = new Map(this.#durable);
    for (const change of this.#changes) {
      if (drawVersion(rng, keep, 1) === 1) {
        applyChange(names, change);
      }
    }
    const contents = drawKeep(rng);
    return new Map([...names].map(([name, file]) => [name, file.image(rng, contents)]));
  }

  #apply(change: DirectoryChange): void {
    applyChange(this.live, change);
    this.#changes.push(change);
  }
}

function applyChange(names: Map<string, FileModel>, change: DirectoryChange): void {
  switch (change.kind) {
    case "create":
      names.set(change.name, change.file);
      break;
    case "remove":
      names.delete(change.name);
      break;
    case "rename":
      if (names.get(change.from) === change.file) {
        names.delete(change.from);
      }
      names.set(change.to, change.file);
      break;
  }
}
