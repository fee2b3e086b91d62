/**
 * The manifest of a keyspace: which runs there are, of which parts, and what its compactions have to remember.
 *
 *     level 0   run 9   ├──────────────┤            newest; each flush makes one, they overlap
 *               run 8     ├───────────────┤
 *     level 5   run 6   ├────┤├───┤├──────┤         parts of a run do not overlap
 *     level 6   run 2   ├──┤├───┤├────┤├──┤         oldest
 *
 * It never changes: a flush or a compaction makes the next one, and a reader that pinned the old one keeps its pages. Runs
 * are in reading order: by level, and within a level by number, the newest first. What a run says of a key (a value, a
 * tombstone, a range delete) hides what all later ones say (L1).
 *
 * On disk it is spread over the roots tree (mvcc/roots.ts), an entry for each part, so that a checkpoint writes only what
 * changed. Keys, behind the keyspace's id:
 *
 *     u8 level | u32 run, big-endian | u32 part, big-endian    a part (part.ts)
 *     fe | u32 page, big-endian                                a value area: u32 length | u32 birth | f64 live bytes
 *     ff                                                       the rest: encodeHeader
 *
 * L1 Runs are ordered by age: everything in a run is newer than what later runs hold of the same keys.
 * L2 The parts of a run ascend and do not overlap; no part is empty.
 * L3 Numbers of runs and parts are not used twice.
 */
import { lowerHead } from "../btree/index.ts";
import { compareBytes, headOf } from "../bytes.ts";
import { DbError } from "../errors.ts";
import { decodePart, encodePart, type NewPart, type Part } from "./part.ts";

/** Levels are 0 (flushes) to 6; the deepest is filled first. Part of the format. */
export const LEVELS = 7;
export const DEEPEST_LEVEL = 6;
const AREA_MARK = 0xfe;
const HEADER_MARK = 0xff;

export interface Run {
  readonly level: number;
  readonly number: number;
  readonly parts: readonly Part[];
  /** The first four bytes of each part's `lower`. */
  readonly heads: Uint32Array;
}

/** An extent that holds values, each behind its checksum (values.ts). */
export interface ValueArea {
  readonly page: number;
  readonly lengthBytes: number;
  /** Of these, what entries still refer to, checksums included. */
  readonly liveBytes: number;
  readonly birth: number;
}

/** How far a compaction of a level has come, going through the keys from the first to the last. */
export interface Sweep {
  /** Of level 0: the newest run that takes part; what is flushed later does not. */
  readonly newestRun: number;
  /** The level that it merges into. */
  readonly into: number;
  readonly from: Uint8Array;
}

/** Bytes since the keyspace was made. */
export interface WriteCounts {
  /** Keys and values that were flushed. */
  readonly userBytes: number;
  /** Written by flushes, and by compactions: pages and value areas. */
  readonly flushedBytes: number;
  readonly compactedBytes: number;
}

/** An entry of the roots tree behind the keyspace's id; without a value: it is gone. */
export interface ManifestEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

export interface PlacedPart {
  readonly level: number;
  readonly run: number;
  readonly part: Part;
}

export interface ManifestChange {
  readonly removed?: ReadonlySet<number>;
  readonly added?: readonly PlacedPart[];
  readonly areas?: ReadonlyMap<number, ValueArea | undefined>;
  readonly sweeps?: readonly (Sweep | undefined)[];
  readonly nextRun?: number;
  readonly nextPart?: number;
  readonly counts?: WriteCounts;
}

/** A manifest for another thread, to which ten thousand small objects are slow. */
export interface ManifestTransfer {
  /** All but the areas, as in the roots tree. */
  readonly entries: Uint8Array;
  /** Of each area: page, length, live bytes, birth. */
  readonly areas: Float64Array;
}

const AREA_FIELDS = 4;

/** What a keyspace begins with. */
const FRESH = {
  sweeps: new Array<Sweep | undefined>(LEVELS).fill(undefined),
  nextRun: 1,
  nextPart: 1,
  counts: { userBytes: 0, flushedBytes: 0, compactedBytes: 0 },
};

export class Manifest {
  /** In reading order. */
  readonly runs: readonly Run[];
  readonly areas: ReadonlyMap<number, ValueArea>;
  /** Of each level, where it is under way. */
  readonly sweeps: readonly (Sweep | undefined)[];
  readonly nextRun: number;
  readonly nextPart: number;
  readonly counts: WriteCounts;
  /** Whether any part has range deletes: most keyspaces never do. */
  readonly hasRangeDeletes: boolean;

  private constructor(fields: {
    runs: readonly Run[];
    areas: ReadonlyMap<number, ValueArea>;
    sweeps: readonly (Sweep | undefined)[];
    nextRun: number;
    nextPart: number;
    counts: WriteCounts;
  }) {
    this.runs = fields.runs;
    this.areas = fields.areas;
    this.sweeps = fields.sweeps;
    this.nextRun = fields.nextRun;
    this.nextPart = fields.nextPart;
    this.counts = fields.counts;
    this.hasRangeDeletes = fields.runs.some((run) => run.parts.some((part) => part.rangeDeletes.length > 0));
  }

  static readonly empty: Manifest = new Manifest({ runs: [], areas: new Map(), ...FRESH });

  /** This manifest with entries of the roots tree put and removed. Throws CORRUPT. */
  apply(entries: Iterable<ManifestEntry>): Manifest {
    const removed = new Set<number>();
    const added: PlacedPart[] = [];
    const areas = new Map<number, ValueArea | undefined>();
    let header: ManifestChange = {};
    for (const { key, value } of entries) {
      const data = new DataView(key.buffer, key.byteOffset, key.length);
      if (key.length === 9 && key[0]! < LEVELS) {
        const id = data.getUint32(5);
        removed.add(id);
        if (value !== undefined) {
          added.push({ level: key[0]!, run: data.getUint32(1), part: decodePart(id, value) });
        }
      } else if (key.length === 5 && key[0] === AREA_MARK) {
        const page = data.getUint32(1);
        areas.set(page, value === undefined ? undefined : decodeArea(page, value));
      } else if (key.length === 1 && key[0] === HEADER_MARK) {
        header = value === undefined ? FRESH : decodeHeader(value);
      } else {
        throw new DbError("CORRUPT", "the roots tree holds an entry of no known form; restore from a backup", {
          key: Buffer.from(key).toString("hex"),
        });
      }
    }
    return this.with({ ...header, removed, added, areas });
  }

  /** The next manifest. */
  with(change: ManifestChange): Manifest {
    return new Manifest({
      runs: this.#changeRuns(change.removed ?? new Set(), change.added ?? []),
      areas: change.areas === undefined ? this.areas : changeAreas(this.areas, change.areas),
      sweeps: change.sweeps ?? this.sweeps,
      nextRun: change.nextRun ?? this.nextRun,
      nextPart: change.nextPart ?? this.nextPart,
      counts: change.counts ?? this.counts,
    });
  }

  /** What `with` is to be told for new parts to get into a run: each has its number then. */
  place(level: number, run: number, parts: readonly NewPart[]): { added: PlacedPart[]; nextPart: number } {
    const added = parts.map((part, i) => ({ level, run, part: { ...part, id: this.nextPart + i } }));
    return { added, nextPart: this.nextPart + parts.length };
  }

  /** What of the roots tree differs from `before`. */
  changesSince(before: Manifest): ManifestEntry[] {
    const changes: ManifestEntry[] = [];
    const old = placedParts(before);
    const now = placedParts(this);
    for (const [id, { level, run, part }] of now) {
      const was = old.get(id);
      if (was?.part !== part || was.level !== level || was.run !== run) {
        changes.push({ key: partKey(level, run, id), value: encoded(part) });
      }
      if (was !== undefined && (was.level !== level || was.run !== run)) {
        changes.push({ key: partKey(was.level, was.run, id), value: undefined });
      }
    }
    for (const [id, { level, run }] of old) {
      if (!now.has(id)) {
        changes.push({ key: partKey(level, run, id), value: undefined });
      }
    }
    for (const [page, area] of this.areas) {
      if (before.areas.get(page) !== area) {
        changes.push({ key: areaKey(page), value: encodeArea(area) });
      }
    }
    for (const page of before.areas.keys()) {
      if (!this.areas.has(page)) {
        changes.push({ key: areaKey(page), value: undefined });
      }
    }
    if (changes.length > 0 || this.counts !== before.counts || this.sweeps !== before.sweeps) {
      changes.push({ key: headerKey(), value: encodeHeader(this) });
    }
    return changes;
  }

  /** Everything, as it is in the roots tree. */
  entries(): ManifestEntry[] {
    return this.changesSince(Manifest.empty);
  }

  toTransfer(): ManifestTransfer {
    const areas = new Float64Array(this.areas.size * AREA_FIELDS);
    let at = 0;
    for (const { page, lengthBytes, liveBytes, birth } of this.areas.values()) {
      areas[at] = page;
      areas[at + 1] = lengthBytes;
      areas[at + 2] = liveBytes;
      areas[at + 3] = birth;
      at += AREA_FIELDS;
    }
    return { entries: packEntries(new Manifest({ ...this, areas: new Map() }).entries()), areas };
  }

  static fromTransfer(transfer: ManifestTransfer): Manifest {
    const areas = new Map<number, ValueArea>();
    for (let at = 0; at < transfer.areas.length; at += AREA_FIELDS) {
      const [page, lengthBytes, liveBytes, birth] = transfer.areas.subarray(at, at + AREA_FIELDS);
      areas.set(page!, { page: page!, lengthBytes: lengthBytes!, liveBytes: liveBytes!, birth: birth! });
    }
    return Manifest.empty.apply(unpackEntries(transfer.entries)).with({ areas });
  }

  /** The entries to remove when the keyspace is dropped. */
  removals(): ManifestEntry[] {
    return this.entries().map(({ key }) => ({ key, value: undefined }));
  }

  /** Nothing is in pages, and nothing has to be remembered. */
  get isEmpty(): boolean {
    return this.runs.length === 0 && this.areas.size === 0 && this.nextRun === 1;
  }

  *parts(): Generator<PlacedPart, void> {
    for (const run of this.runs) {
      for (const part of run.parts) {
        yield { level: run.level, run: run.number, part };
      }
    }
  }

  #changeRuns(removed: ReadonlySet<number>, added: readonly PlacedPart[]): readonly Run[] {
    if (removed.size === 0 && added.length === 0) {
      return this.runs;
    }
    const runs = new Map<number, { level: number; parts: Part[]; isSame: Run | undefined }>();
    for (const run of this.runs) {
      const kept = run.parts.filter((part) => !removed.has(part.id));
      const isSame = kept.length === run.parts.length ? run : undefined;
      runs.set(run.number, { level: run.level, parts: kept, isSame });
    }
    for (const { level, run, part } of added) {
      const known = runs.get(run);
      if (known === undefined) {
        runs.set(run, { level, parts: [part], isSame: undefined });
      } else {
        known.parts.push(part);
        known.isSame = undefined;
      }
    }
    return [...runs]
      .filter(([, { parts }]) => parts.length > 0)
      .map(([number, { level, parts, isSame }]) => isSame ?? makeRun(level, number, parts))
      .sort((a, b) => a.level - b.level || b.number - a.number);
  }
}

/** The part of a run that a key belongs to, if it is anywhere in the run; undefined: it is not. */
export function partFor(run: Run, key: Uint8Array, offset: number, length: number): Part | undefined {
  const index = partIndexFor(run, key, offset, length);
  return index < 0 ? undefined : run.parts[index];
}

/** The index of the last part that begins at or before the key; -1: the key comes before all of them. */
export function partIndexFor(run: Run, key: Uint8Array, offset: number, length: number): number {
  const { parts, heads } = run;
  const head = headOf(key, offset, length);
  let low = lowerHead(heads, 0, 0, heads.length, head);
  let high = low < heads.length && heads[low] === head ? lowerHead(heads, 0, low, heads.length, head + 1) : low;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isAtOrBelow(parts[middle]!.lower, key, offset, length)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low - 1;
}

function isAtOrBelow(lower: Uint8Array, key: Uint8Array, offset: number, length: number): boolean {
  return compareBytes(lower, 0, lower.length, key, offset, length) <= 0;
}

/** Throws CORRUPT where parts overlap (L2). */
function makeRun(level: number, number: number, parts: Part[]): Run {
  parts.sort((a, b) => Buffer.compare(a.lower, b.lower));
  for (let i = 1; i < parts.length; i++) {
    const { upper } = parts[i - 1]!;
    if (upper === undefined || Buffer.compare(upper, parts[i]!.lower) > 0) {
      throw new DbError("CORRUPT", `L2: parts ${parts[i - 1]!.id} and ${parts[i]!.id} of run ${number} overlap`, {
        level,
        run: number,
      });
    }
  }
  return withParts({ level, number }, parts);
}

/** Some of a run's parts, in order, as a run of its own. */
export function withParts({ level, number }: Pick<Run, "level" | "number">, parts: readonly Part[]): Run {
  const heads = Uint32Array.from(parts, ({ lower }) => headOf(lower, 0, lower.length));
  return { level, number, parts, heads };
}

/** Parts do not change, and every job is told of all of them. */
const encodedParts: WeakMap<Part, Uint8Array> = new WeakMap();

function encoded(part: Part): Uint8Array {
  const known = encodedParts.get(part);
  if (known !== undefined) {
    return known;
  }
  const bytes = encodePart(part);
  encodedParts.set(part, bytes);
  return bytes;
}

const PACKED_HEADER_BYTES = 8;

/** Entries, all with values, as one stretch of bytes. */
function packEntries(entries: readonly ManifestEntry[]): Uint8Array {
  const length = entries.reduce((sum, { key, value }) => sum + PACKED_HEADER_BYTES + key.length + value!.length, 0);
  const bytes = new Uint8Array(length);
  const data = new DataView(bytes.buffer);
  let at = 0;
  for (const { key, value } of entries) {
    data.setUint32(at, key.length, true);
    data.setUint32(at + 4, value!.length, true);
    bytes.set(key, at + PACKED_HEADER_BYTES);
    bytes.set(value!, at + PACKED_HEADER_BYTES + key.length);
    at += PACKED_HEADER_BYTES + key.length + value!.length;
  }
  return bytes;
}

function unpackEntries(bytes: Uint8Array): ManifestEntry[] {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: ManifestEntry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const valueAt = at + PACKED_HEADER_BYTES + data.getUint32(at, true);
    const end = valueAt + data.getUint32(at + 4, true);
    entries.push({ key: bytes.subarray(at + PACKED_HEADER_BYTES, valueAt), value: bytes.subarray(valueAt, end) });
    at = end;
  }
  return entries;
}

function placedParts(manifest: Manifest): Map<number, PlacedPart> {
  const placed = new Map<number, PlacedPart>();
  for (const each of manifest.parts()) {
    placed.set(each.part.id, each);
  }
  return placed;
}

function changeAreas(
  before: ReadonlyMap<number, ValueArea>,
  changes: ReadonlyMap<number, ValueArea | undefined>,
): ReadonlyMap<number, ValueArea> {
  const areas = new Map(before);
  for (const [page, area] of changes) {
    if (area === undefined) {
      areas.delete(page);
    } else {
      areas.set(page, area);
    }
  }
  return areas;
}

function partKey(level: number, run: number, id: number): Uint8Array {
  const key = new Uint8Array(9);
  const data = new DataView(key.buffer);
  key[0] = level;
  data.setUint32(1, run);
  data.setUint32(5, id);
  return key;
}

function areaKey(page: number): Uint8Array {
  const key = new Uint8Array(5);
  key[0] = AREA_MARK;
  new DataView(key.buffer).setUint32(1, page);
  return key;
}

function headerKey(): Uint8Array {
  return Uint8Array.of(HEADER_MARK);
}

const AREA_BYTES = 16;

function encodeArea(area: ValueArea): Uint8Array {
  const bytes = new Uint8Array(AREA_BYTES);
  const data = new DataView(bytes.buffer);
  data.setUint32(0, area.lengthBytes, true);
  data.setUint32(4, area.birth, true);
  data.setFloat64(8, area.liveBytes, true);
  return bytes;
}

function decodeArea(page: number, bytes: Uint8Array): ValueArea {
  if (bytes.length !== AREA_BYTES) {
    throw new DbError("CORRUPT", `the record of the value area at page ${page} has the wrong length`, { page });
  }
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    page,
    lengthBytes: data.getUint32(0, true),
    birth: data.getUint32(4, true),
    liveBytes: data.getFloat64(8, true),
  };
}

const HEADER_FIXED_BYTES = 32;
const SWEEP_BYTES = 7;

/** u32 next run | u32 next part | f64 user, flushed, compacted bytes | for each level: u32 run, u16 length + 1 (0: none), u8 into, key. */
function encodeHeader(manifest: Manifest): Uint8Array {
  const keyBytes = manifest.sweeps.reduce((sum, sweep) => sum + (sweep?.from.length ?? 0), 0);
  const bytes = new Uint8Array(HEADER_FIXED_BYTES + LEVELS * SWEEP_BYTES + keyBytes);
  const data = new DataView(bytes.buffer);
  data.setUint32(0, manifest.nextRun, true);
  data.setUint32(4, manifest.nextPart, true);
  data.setFloat64(8, manifest.counts.userBytes, true);
  data.setFloat64(16, manifest.counts.flushedBytes, true);
  data.setFloat64(24, manifest.counts.compactedBytes, true);
  let at = HEADER_FIXED_BYTES;
  for (const sweep of manifest.sweeps) {
    data.setUint32(at, sweep?.newestRun ?? 0, true);
    data.setUint16(at + 4, sweep === undefined ? 0 : sweep.from.length + 1, true);
    data.setUint8(at + 6, sweep?.into ?? 0);
    bytes.set(sweep?.from ?? [], at + SWEEP_BYTES);
    at += SWEEP_BYTES + (sweep?.from.length ?? 0);
  }
  return bytes;
}

function decodeHeader(bytes: Uint8Array): ManifestChange {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const sweeps: (Sweep | undefined)[] = [];
  let at = HEADER_FIXED_BYTES;
  while (at + SWEEP_BYTES <= bytes.length && sweeps.length < LEVELS) {
    const length = data.getUint16(at + 4, true);
    const from = bytes.slice(at + SWEEP_BYTES, at + SWEEP_BYTES + Math.max(0, length - 1));
    sweeps.push(length === 0 ? undefined : { newestRun: data.getUint32(at, true), into: data.getUint8(at + 6), from });
    at += SWEEP_BYTES + Math.max(0, length - 1);
  }
  if (at !== bytes.length || sweeps.length !== LEVELS) {
    throw new DbError("CORRUPT", "the header of an LSM keyspace has the wrong length; restore from a backup", {
      bytes: bytes.length,
    });
  }
  return {
    nextRun: data.getUint32(0, true),
    nextPart: data.getUint32(4, true),
    counts: {
      userBytes: data.getFloat64(8, true),
      flushedBytes: data.getFloat64(16, true),
      compactedBytes: data.getFloat64(24, true),
    },
    sweeps,
  };
}
