/** Scans that are moved from range to range, wherever the entries lie and whoever writes between two moves, against a model. */
import { describe, expect, it } from "vitest";
import { type Rng, seededRng } from "../../src/random.ts";
import { DatabaseStore } from "../../src/sql/database-store.ts";
import { type BatchScan, type KeyspaceReader, NO_END, type SqlTransaction } from "../../src/sql/storage.ts";
import { Simulated } from "../regress/simulated.ts";
import { testSeed } from "../support/property.ts";

const KEYS = 3000;

type Model = Map<string, string>;

/** Keys of two to four bytes, some of them the beginnings of others. */
function keyOf(number: number): Buffer {
  const key = Buffer.from([20, number >> 8, number & 0xff, number % 7]);
  return key.subarray(0, 2 + (number % 3));
}

class Draws {
  readonly #rng: Rng;

  constructor(seed: number) {
    this.#rng = seededRng(seed);
  }

  below(most: number): number {
    return this.#rng.next() % most;
  }

  key(): Buffer {
    return keyOf(this.below(KEYS));
  }

  /** Either end is open now and then. */
  end(): Buffer | undefined {
    return this.below(8) === 0 ? undefined : this.key();
  }
}

function put(transaction: SqlTransaction, keyspace: number, model: Model, key: Buffer, value: string): void {
  const bytes = Buffer.from(value);
  transaction.put(keyspace, key, 0, key.length, bytes, 0, bytes.length);
  model.set(key.toString("hex"), value);
}

function remove(transaction: SqlTransaction, keyspace: number, model: Model, key: Buffer): void {
  transaction.delete(keyspace, key, 0, key.length);
  model.delete(key.toString("hex"));
}

/** Up to `most` entries of a scan, which is then left where it is. */
function read(scan: BatchScan, most: number): string[] {
  const rows: string[] = [];
  while (rows.length < most) {
    const count = scan.next();
    if (count === 0) {
      break;
    }
    scan.keep(count);
    for (let i = 0; i < count && rows.length < most; i++) {
      const prefix = scan.prefix.subarray(scan.prefixOffset, scan.prefixOffset + scan.prefixLength);
      const rest = scan.u8.subarray(scan.keyOffsets[i]!, scan.keyOffsets[i]! + scan.keyLengths[i]!);
      const value = scan.u8.subarray(scan.valueOffsets[i]!, scan.valueOffsets[i]! + scan.valueLengths[i]!);
      rows.push(`${Buffer.concat([prefix, rest]).toString("hex")}=${Buffer.from(value).toString()}`);
    }
  }
  return rows;
}

function expected(model: Model, lower: Buffer | undefined, upper: Buffer | undefined, reverse: boolean): string[] {
  const from = lower?.toString("hex");
  const to = upper?.toString("hex");
  const rows = [...model]
    .filter(([key]) => (from === undefined || key >= from) && (to === undefined || key < to))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);
  return reverse ? rows.reverse() : rows;
}

/** Moves two scans, one in each direction, and reads all or the beginning of each range. */
function moveAbout(
  reader: KeyspaceReader,
  keyspace: number,
  model: Model,
  draws: Draws,
  between: () => void = () => {},
): void {
  const scans = [false, true].map((reverse) => ({ reverse, scan: reader.scan(keyspace, keyOf(0), keyOf(5), reverse) }));
  for (let step = 0; step < 60; step++) {
    between();
    for (const { reverse, scan } of scans) {
      const lower = draws.end();
      const upper = draws.below(3) > 0 && lower !== undefined ? keyOf(lower[1]! * 256 + draws.below(300)) : draws.end();
      scan.move(lower ?? EMPTY, lower?.length ?? NO_END, upper ?? EMPTY, upper?.length ?? NO_END);
      const most = draws.below(4) === 0 ? 1 + draws.below(5) : Number.POSITIVE_INFINITY;
      expect(read(scan, most)).toEqual(expected(model, lower, upper, reverse).slice(0, most));
    }
  }
  for (const { scan } of scans) {
    scan.close();
  }
}

const EMPTY = Buffer.alloc(0);

describe("a scan that is moved", () => {
  it("gives the range that it was moved to, in the log and in pages, at the last commit and in transactions", async () => {
    const seed = testSeed();
    const draws = new Draws(seed);
    const simulated = new Simulated();
    const { db } = simulated.open();
    const store = new DatabaseStore(db);
    const making = store.begin("statement");
    const keyspace = making.createKeyspace("sql/t");
    making.commit();
    const model: Model = new Map();
    for (let round = 0; round < 3; round++) {
      const writing = store.begin("statement");
      const writeSome = (): void => {
        for (let i = draws.below(4); i > 0; i--) {
          // Now and then one that does not fit into a leaf.
          const isLarge = draws.below(40) === 0;
          put(writing, keyspace, model, draws.key(), isLarge ? "large ".repeat(1500) : `value ${draws.below(1000)}`);
          remove(writing, keyspace, model, draws.key());
        }
      };
      for (let i = 0; i < 300; i++) {
        writeSome();
      }
      moveAbout(writing, keyspace, model, draws, writeSome);
      writing.commit();
      moveAbout(store.latest(), keyspace, model, draws);
      const snapshot = store.snapshot();
      const seen: Model = new Map(model);
      const interactive = store.begin("interactive");
      const own: Model = new Map(model);
      moveAbout(interactive, keyspace, own, draws, () =>
        put(interactive, keyspace, own, draws.key(), `own ${draws.below(1000)}`),
      );
      interactive.rollback();
      const later = store.begin("statement");
      put(later, keyspace, model, draws.key(), "later");
      later.commit();
      await simulated.done(db.checkpoint());
      moveAbout(snapshot, keyspace, seen, draws);
      snapshot.close();
      moveAbout(store.latest(), keyspace, model, draws);
    }
    db.close();
  });

  it("is read, so that what is written there later is a conflict", () => {
    const simulated = new Simulated();
    const { db } = simulated.open();
    const store = new DatabaseStore(db);
    const making = store.begin("statement");
    const keyspace = making.createKeyspace("sql/t");
    put(making, keyspace, new Map(), keyOf(1), "one");
    making.commit();
    const interactive = store.begin("interactive");
    const scan = interactive.scan(keyspace, keyOf(1), keyOf(2), false);
    const [lower, upper] = [Buffer.from([21]), Buffer.from([22])];
    scan.move(lower, 1, upper, 1);
    scan.move(lower.fill(30), 1, upper.fill(31), 1);
    scan.close();
    put(interactive, keyspace, new Map(), keyOf(9), "nine");
    const other = store.begin("statement");
    put(other, keyspace, new Map(), Buffer.from([21, 1]), "into the range that was read first");
    other.commit();
    expect(() => interactive.commit()).toThrow("wrote what this one has read");
    db.close();
  });
});
