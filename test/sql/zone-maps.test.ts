import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { open } from "../../src/mvcc/index.ts";
import { openSql } from "../../src/sql/index.ts";
import { ColumnNumbers, NumberMemory } from "../../src/sql/run/column-numbers.ts";
import { LeafTests } from "../../src/sql/run/zone-maps.ts";
import { storeOf } from "../../src/sql/session.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const ROWS = 10_000;
const QUERIES: readonly (readonly [text: string, ...parameters: readonly unknown[]])[] = [
  ["SELECT count(*), sum(id) FROM t WHERE n = 77"],
  ["SELECT id, n, r FROM t WHERE n = 12345"],
  ["SELECT count(*), sum(id) FROM t WHERE n < ?", 100],
  ["SELECT count(*), sum(id) FROM t WHERE n <= ? AND r > ?", "200", 2.5],
  ["SELECT count(*), sum(id) FROM t WHERE n BETWEEN 300 AND 350"],
  ["SELECT count(*), sum(id) FROM t WHERE n NOT BETWEEN 300 AND 350"],
  ["SELECT count(*), sum(id) FROM t WHERE r >= 9990 AND n <> 5"],
  ["SELECT count(*), sum(id) FROM t WHERE n > ?", null],
  ["SELECT count(*), sum(id) FROM t WHERE n > ?", "text"],
  ["SELECT count(*), sum(id) FROM t WHERE n = ?", 2n ** 60n],
  ["SELECT count(*), sum(id) FROM t WHERE mixed > 100"],
  ["SELECT id, n, spread FROM t WHERE spread = 77"],
  ["SELECT id, n FROM t WHERE spread > 100 AND spread <= 104 AND r <> 40 AND n >= 1000"],
  ["SELECT count(*), sum(id) FROM t WHERE spread < 0 OR spread >= 0"],
  ["SELECT count(*), sum(spread) FROM t WHERE spread < ? AND n < ?", 0.5, 1e308],
  ["SELECT count(*), sum(spread) FROM t WHERE spread >= ? AND spread < ?", -0.0, Number.POSITIVE_INFINITY],
  ["SELECT id FROM t WHERE r > 9000 AND id BETWEEN 100 AND 19000 LIMIT 20 OFFSET 3"],
];

test.each([
  ["pread", undefined],
  ["mmap", undefined],
  ["mmap", 0],
  ["mmap", 1024 * 1024],
] as const)(
  "%s, %s bytes of numbers: what is passed over has nothing that was wanted",
  async (backend, columnCacheBytes) => {
    using directory = temporaryDirectory();
    using database = open(join(directory.path, "db"), { backend });
    const memory = columnCacheBytes === undefined ? {} : { columnCacheBytes };
    const compiled = openSql(database, { tier: "compiled", ...memory });
    const interpreted = openSql(database, { tier: "interpreted" });
    compiled.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, r REAL, mixed NUMERIC, spread INTEGER)");
    const insert = compiled.prepare("INSERT INTO t VALUES (?, ?, ?, ?, ?)");
    compiled.transaction(() => {
      for (let id = 0; id < ROWS; id++) {
        insert.run(id, id % 7 === 0 ? null : id, id / 2, id % 5000 === 4999 ? "text" : id, (id * 7919) % 1000);
      }
    });
    const passed = vi.spyOn(LeafTests.prototype, "leavesOut");
    const chosen = vi.spyOn(LeafTests.prototype, "select");
    const statements = QUERIES.map(([text, ...parameters]) => ({ text, parameters, select: compiled.prepare(text) }));
    const compare = (): void => {
      for (const { text, parameters, select } of statements) {
        const expected = interpreted.prepare(text).all(...(parameters as []));
        for (let execution = 0; execution < 3; execution++) {
          expect(select.all(...(parameters as [])), text).toEqual(expected);
        }
      }
    };
    await database.checkpoint();
    compare();
    expect(passed.mock.results.filter(({ value }) => value === true).length).toBeGreaterThan(100);
    const counts = chosen.mock.results.map(({ value }) => value as number);
    expect(counts.some((count) => count > 0)).toBe(columnCacheBytes !== 0);
    expect(counts.some((count) => count < 0)).toBe(true);
    // In the log, over pages whose zones are known.
    compiled.exec(
      "UPDATE t SET n = 77 WHERE id % 1000 = 1; DELETE FROM t WHERE id % 1000 = 2; INSERT INTO t VALUES (-1, 77, 3, 0, 77)",
    );
    compare();
    await database.checkpoint();
    compare();
    compiled.exec(
      "ALTER TABLE t ADD COLUMN later INTEGER DEFAULT 8; UPDATE t SET later = 9, n = n + 1 WHERE id < 5000",
    );
    const later = "SELECT count(*), sum(id) FROM t WHERE later = 8";
    statements.push({ text: later, parameters: [], select: compiled.prepare(later) });
    compare();
    await database.checkpoint();
    compiled.exec(`UPDATE t SET n = ${2n ** 60n} WHERE id = 9000`);
    await database.checkpoint();
    compare();
    passed.mockRestore();
    chosen.mockRestore();
    const { memory: numbers } = storeOf(database).latest().zones!;
    expect(numbers.usedBytes).toBeLessThanOrEqual(columnCacheBytes ?? 64 * 1024 * 1024);
  },
);

test("a column that nobody asks for gives its memory to others", () => {
  const chunk = 65_536 * 8;
  const memory = new NumberMemory(chunk);
  const [first, second] = [new ColumnNumbers(memory), new ColumnNumbers(memory)];
  const slots = new Uint16Array(4);
  first.lastScan = memory.nextScan();
  expect(first.hasRoom()).toBe(true);
  first.put(0, Float64Array.of(1, Number.NaN, 3, 2), 4);
  expect(first.select(0, 2, 3, 0, 4, slots, -1)).toBe(2);
  expect([...slots.subarray(0, 2)]).toEqual([2, 3]);
  expect(second.hasRoom()).toBe(false);
  for (let scan = 0; scan < 100; scan++) {
    second.lastScan = memory.nextScan();
  }
  expect(second.hasRoom()).toBe(true);
  expect(first.select(0, 2, 3, 0, 4, slots, -1)).toBe(-1);
  expect(first.isWanting(0)).toBe(false);
  memory.remove(second);
  expect(memory.usedBytes).toBe(0);
  expect(second.hasRoom()).toBe(false);
  expect(first.isWanting(0)).toBe(true);
});

test("columnCacheBytes is a number of bytes", () => {
  using directory = temporaryDirectory();
  using database = open(join(directory.path, "db"));
  expect(() => openSql(database, { columnCacheBytes: -1 })).toThrow("columnCacheBytes is a number of bytes");
});
