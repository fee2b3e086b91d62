/** A cursor over a run of several parts, some cut, some with nothing but range deletes, against a sorted array. */
import { describe, expect, it } from "vitest";
import { CELL_DELETE, CELL_PUT } from "../../src/btree/index.ts";
import { Manifest, type Run } from "../../src/lsm/manifest.ts";
import type { Part } from "../../src/lsm/part.ts";
import { PartWriter } from "../../src/lsm/part-writer.ts";
import { PrefixFilter } from "../../src/lsm/prefix-filter.ts";
import { RunCursor } from "../../src/lsm/run-cursor.ts";
import { DEFAULT_LSM_SETTINGS } from "../../src/lsm/settings.ts";
import { FreeSpace, MemoryDisk, PageFile } from "../../src/pager/index.ts";
import { type Rng, seededRng } from "../../src/random.ts";
import { testSeed } from "../support/property.ts";

const pages = PageFile.open(new MemoryDisk(), {
  backend: "memory",
  cacheBytes: 0,
  readOnly: false,
  fileBytes: 1 << 26,
});
const free = FreeSpace.of(2, [], pages.pagesPerFile);

function below(rng: Rng, limit: number): number {
  return rng.next() % limit;
}

function bytes(key: string): Uint8Array {
  return Buffer.from(key, "latin1");
}

/** Keys that share heads, one of them empty, and prefixes of each other. */
function randomKey(rng: Rng): string {
  return Array.from({ length: below(rng, 7) }, () => "\0ab\xff"[below(rng, 4)]!).join("");
}

/** Parts of a run of these keys, about so many each, with gaps between some of them that range deletes alone fill. */
function writeRun(rng: Rng, keys: readonly string[], eachHas: number): { run: Run | undefined; left: string[] } {
  const added: Part[] = [];
  const left: string[] = [];
  for (let from = 0; from < keys.length; ) {
    const count = 1 + below(rng, eachHas);
    const own = keys.slice(from, from + count);
    from += count;
    const part = writePart(own, added.length + 1);
    const draw = below(rng, 6);
    if (draw === 0) {
      const { lower, upper } = part;
      const none = { root: { page: 0, height: 0, count: 0 }, bytes: 0 };
      added.push({ ...part, ...none, rangeDeletes: [{ lower, upper }] });
    } else if (draw === 1 && own.length > 1) {
      const kept = own.slice(1 + below(rng, own.length - 1));
      added.push({ ...part, lower: bytes(kept[0]!), isCut: true });
      left.push(...kept);
    } else {
      added.push(part);
      left.push(...own);
    }
  }
  const { runs } = Manifest.empty.with({ added: added.map((part) => ({ level: 0, run: 1, part })) });
  return { run: runs[0], left };
}

function writePart(keys: readonly string[], id: number, prefixBytes = 0): Part {
  const writer = new PartWriter({
    pages,
    allocator: free,
    birth: 1,
    settings: { ...DEFAULT_LSM_SETTINGS, prefixBytes },
    level: 0,
    isCompressed: false,
    partBytes: 1 << 20,
  });
  for (const key of keys) {
    const encoded = bytes(key);
    const kind = key.endsWith("b") ? CELL_DELETE : CELL_PUT;
    writer.add(kind, encoded, 0, encoded.length, encoded, 0, kind === CELL_PUT ? encoded.length : 0, 0);
  }
  return { ...writer.finish()[0]!, id };
}

describe("a run's cursor", () => {
  it("moves as in a sorted array", () => {
    const seed = testSeed();
    const rng = seededRng(seed);
    for (let round = 0; round < 150; round++) {
      const keys = [...new Set(Array.from({ length: 1 + below(rng, 60) }, () => randomKey(rng)))].sort();
      const { run, left } = writeRun(rng, keys, 1 + below(rng, 20));
      if (run === undefined) {
        continue;
      }
      const cursor = new RunCursor(pages);
      cursor.open(run);
      expect([cursor.valid, cursor.run]).toEqual([false, run]);
      let at = -1;
      for (let move = 0; move < 80; move++) {
        const wanted = below(rng, 3) === 0 ? randomKey(rng) : keys[below(rng, keys.length)]!;
        const encoded = Buffer.concat([Buffer.from("x"), bytes(wanted)]);
        const isThere = at >= 0 && at < left.length;
        const kind = isThere ? below(rng, 7) : 2 + below(rng, 4);
        let found: boolean;
        switch (kind) {
          case 2:
            found = cursor.first();
            at = 0;
            break;
          case 3:
            found = cursor.last();
            at = left.length - 1;
            break;
          case 4:
            found = cursor.seek(encoded, 1, encoded.length - 1);
            at = left.findIndex((key) => key >= wanted);
            break;
          case 5:
            found = cursor.seekBefore(encoded, 1, encoded.length - 1);
            at = left.findLastIndex((key) => key < wanted);
            break;
          case 0:
            found = cursor.prev();
            at--;
            break;
          default:
            found = cursor.next();
            at++;
        }
        const expected = left[at];
        const what = `NACRE_SEED=${seed}: round ${round}, move ${move}, kind ${kind}`;
        expect([what, found, cursor.valid]).toEqual([what, expected !== undefined, expected !== undefined]);
        if (expected !== undefined) {
          cursor.loadKey();
          const key = Buffer.from(cursor.key.subarray(0, cursor.keyLength)).toString("latin1");
          expect([what, key]).toEqual([what, expected]);
          expect(cursor.tree.kind).toBe(key.endsWith("b") ? CELL_DELETE : CELL_PUT);
          expect(run.parts.includes(cursor.part!)).toBe(true);
        }
      }
      expect(cursor.end()).toBe(false);
      cursor.close();
      expect([cursor.valid, cursor.run, cursor.part, cursor.first()]).toEqual([false, undefined, undefined, false]);
    }
  });

  it("compares by key, and reads a tree as a run of one", () => {
    const [a, b] = [new RunCursor(pages), new RunCursor(pages)];
    const part = writePart(["", "a", "aa\0", "aa\0a"], 1);
    a.openTree(part.root.page);
    b.openTree(part.root.page);
    expect([a.first(), b.first(), a.part]).toEqual([true, true, undefined]);
    const order = () => {
      a.loadKey();
      b.loadKey();
      return Math.sign(a.compareTo(b));
    };
    expect(order()).toBe(0);
    expect([b.next(), order()]).toEqual([true, -1]);
    expect([a.last(), order()]).toEqual([true, 1]);
    expect([b.seek(bytes("aa"), 0, 2), order()]).toEqual([true, 1]);
    expect([a.prev(), order()]).toEqual([true, 0]);
    expect([a.seekBefore(bytes("a"), 0, 1), a.prev(), a.valid]).toEqual([true, false, false]);
  });
});

describe("filters of prefixes", () => {
  it("let every prefix through that there is, and few that there are not", () => {
    const keysOf = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => [`${10_000 + from + i}x`, `${10_000 + from + i}y`]).flat();
    const parts = [writePart(keysOf(0, 500), 1, 5), writePart(keysOf(1000, 1500), 2, 5)];
    const run = Manifest.empty.with({ added: parts.map((part) => ({ level: 0, run: 1, part })) }).runs[0]!;
    const filter = new PrefixFilter(pages);
    const mayHave = (n: number, isWithin = true): boolean => {
      const prefix = bytes(String(10_000 + n));
      filter.set(prefix);
      return isWithin
        ? filter.mayBeIn(run, prefix, bytes(`${10_000 + n}z`))
        : filter.mayBeIn(run, undefined, undefined);
    };
    let passed = 0;
    for (let n = 0; n < 500; n++) {
      expect([mayHave(n), mayHave(1000 + n), mayHave(n, false)]).toEqual([true, true, true]);
      passed += mayHave(500 + n, false) ? 1 : 0;
      // Between the parts there is nothing to ask.
      expect(mayHave(600 + (n % 300)) && !mayHave(600 + (n % 300), false)).toBe(false);
    }
    expect(passed).toBeLessThan(50);
    // Keys that are no longer than the prefix are not among what has it.
    const short = Manifest.empty.with({
      added: [{ level: 0, run: 1, part: writePart(["aaaaa", "bbbbbb"], 3, 5) }],
    }).runs[0]!;
    filter.set(bytes("bbbbb"));
    expect(filter.mayBeIn(short, undefined, undefined)).toBe(true);
  });
});
