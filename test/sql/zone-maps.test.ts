import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { open } from "../../src/mvcc/index.ts";
import { openSql } from "../../src/sql/index.ts";
import { LeafTests } from "../../src/sql/run/zone-maps.ts";
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
  ["SELECT id FROM t WHERE r > 9000 AND id BETWEEN 100 AND 19000 LIMIT 20 OFFSET 3"],
];

test.each(["pread", "mmap"] as const)(
  "%s: leaves that are passed over have nothing that was wanted",
  async (backend) => {
    using directory = temporaryDirectory();
    using database = open(join(directory.path, "db"), { backend });
    const compiled = openSql(database, { tier: "compiled" });
    const interpreted = openSql(database, { tier: "interpreted" });
    compiled.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, r REAL, mixed NUMERIC)");
    const insert = compiled.prepare("INSERT INTO t VALUES (?, ?, ?, ?)");
    compiled.transaction(() => {
      for (let id = 0; id < ROWS; id++) {
        insert.run(id, id % 7 === 0 ? null : id, id / 2, id % 5000 === 4999 ? "text" : id);
      }
    });
    const passed = vi.spyOn(LeafTests.prototype, "leavesOut");
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
    // In the log, over pages whose zones are known.
    compiled.exec(
      "UPDATE t SET n = 77 WHERE id % 1000 = 1; DELETE FROM t WHERE id % 1000 = 2; INSERT INTO t VALUES (-1, 77, 3, 0)",
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
  },
);
