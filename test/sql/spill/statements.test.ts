/** Statements that hold more than memory is given for: they answer as they do in memory, and leave nothing open. */
import { describe, expect, test } from "vitest";
import { DbError } from "../../../src/errors.ts";
import { type Disk, type DiskFile, MemoryDisk } from "../../../src/pager/index.ts";
import { type SqlOptions, SqlSession, type SqlValue } from "../../../src/sql/index.ts";
import { MemoryStore } from "../memory-store.ts";

const ROWS = 250;
/** Rows, and bytes, such that runs are merged several times. */
const LITTLE: SqlOptions = { heldRows: 6, heldBytes: 2000 };

function filled(): MemoryStore {
  const store = new MemoryStore();
  const session = new SqlSession(store);
  session.exec(`
    CREATE TABLE t (id INTEGER PRIMARY KEY, a, b TEXT COLLATE NOCASE, c REAL);
    CREATE INDEX ta ON t (a);
    CREATE TABLE u (x, y TEXT);
  `);
  session.exec(`
    INSERT INTO t SELECT value, nullif(value * 7919 % 211, 7), iif(value % 2, 'x', 'X') || (value % 37), value / 3.0
    FROM generate_series(1, ${ROWS})
  `);
  session.exec(
    "INSERT INTO u SELECT CASE id % 3 WHEN 0 THEN id WHEN 1 THEN id * 1.0 ELSE b END, b FROM t WHERE id % 5 = 0",
  );
  return store;
}

const QUERIES: readonly string[] = [
  "SELECT id, b FROM t ORDER BY b DESC, a",
  "SELECT id, a FROM t ORDER BY a NULLS LAST, c DESC LIMIT 100 OFFSET 20",
  "SELECT id FROM t ORDER BY a DESC NULLS FIRST, b LIMIT 2",
  "SELECT x FROM u ORDER BY x, y",
  "SELECT DISTINCT a, b FROM t",
  "SELECT DISTINCT b FROM t ORDER BY id % 11, b",
  "SELECT DISTINCT x FROM u LIMIT 40 OFFSET 30",
  "SELECT a, count(*), sum(c), avg(c), group_concat(b), min(id), max(c) FROM t GROUP BY a",
  "SELECT b, id, max(c), min(c) FILTER (WHERE id % 2) FROM t GROUP BY b HAVING count(*) > 2",
  "SELECT a % 10, b, count(DISTINCT c), sum(DISTINCT id % 13) FROM t GROUP BY 1, 2",
  "SELECT count(DISTINCT a), group_concat(DISTINCT a), sum(DISTINCT c), max(id), b FROM t",
  "SELECT b, group_concat(a, '-' ORDER BY c DESC), group_concat(DISTINCT a ORDER BY a) FROM t GROUP BY b",
  "SELECT median(c), json_group_array(DISTINCT b) FROM t",
  "SELECT a FROM t UNION SELECT id FROM t",
  "SELECT b FROM t UNION SELECT y FROM u",
  "SELECT x FROM u UNION SELECT id * 1.0 FROM t ORDER BY 1 DESC LIMIT 100",
  "SELECT a FROM t EXCEPT SELECT id * 3 FROM t",
  "SELECT a, b FROM t INTERSECT SELECT id, b FROM t",
  "SELECT s.id, t.id FROM t AS s JOIN t ON s.a = t.c",
  "SELECT s.id, t.id FROM t AS s LEFT JOIN t ON s.a = t.c AND t.b > 'x2'",
  "SELECT s.id, t.id FROM t AS s FULL JOIN t ON s.a * 2 = t.c",
  "SELECT s.x, o.x FROM u AS s FULL JOIN u AS o ON s.x IS o.x AND s.y < o.y",
  "SELECT count(*), sum(s.x > o.x) FROM u AS s FULL JOIN u AS o ON s.x < o.x",
  "SELECT id FROM t WHERE a IN (SELECT id * 2 FROM t)",
  "SELECT id FROM t WHERE b IN (SELECT y FROM u WHERE x > 30)",
  "SELECT id FROM t WHERE (a, b) IN (SELECT id, b FROM t)",
  "SELECT id, a NOT IN (SELECT nullif(id, 5) FROM t) FROM t",
  "SELECT id, (a, c) IN (SELECT nullif(id, 5), c FROM t) FROM t",
  "SELECT id FROM t WHERE id IN (SELECT a FROM t) ORDER BY c",
  "SELECT a, id FROM t WHERE a IN (SELECT x FROM u)",
  "SELECT id FROM t WHERE id < 140 OR a IN (5, 6) OR id > 100",
  "SELECT id, row_number() OVER (PARTITION BY a ORDER BY c DESC), lag(b) OVER (PARTITION BY a ORDER BY c DESC) FROM t",
  "SELECT id, sum(c) OVER (PARTITION BY a ORDER BY id ROWS 1 PRECEDING), count(*) OVER (PARTITION BY c), first_value(id) OVER (PARTITION BY a ORDER BY c) FROM t",
  "WITH w AS (SELECT id, a FROM t ORDER BY a LIMIT 200) SELECT count(*), sum(s.id) FROM w AS s JOIN w AS o ON s.id = o.a",
  "WITH w AS MATERIALIZED (SELECT a, count(*) AS n FROM t GROUP BY a) SELECT s.a, o.n FROM w AS s, w AS o WHERE s.a > o.a",
  "SELECT id, (SELECT count(*) FROM (SELECT DISTINCT b FROM t AS s WHERE s.a <= t.a)) FROM t WHERE id < 30",
  "SELECT id, (SELECT group_concat(x) FROM (SELECT x FROM u WHERE u.y = t.b ORDER BY x DESC)) FROM t WHERE id < 40",
];

type Read = (session: SqlSession, query: string) => unknown[];

const all: Read = (session, query) => session.prepare(query).raw().all();
const iterated: Read = (session, query) => [...session.prepare(query).raw().iterate()];
const exact: Read = (session, query) => session.prepare(query, { bigints: true }).raw().all();

describe.each(["interpreted", "compiled"] as const)("%s first", (tier) => {
  const store = filled();
  const inMemory = new SqlSession(store, { tier });
  const HELD: readonly [Read, SqlOptions][] = [
    [all, LITTLE],
    [iterated, { heldRows: 40 }],
    [exact, { heldRows: 6, heldBytes: 100 }],
  ];

  test.each(QUERIES)("%s", (query) => {
    for (const [read, held] of HELD) {
      expect(read(new SqlSession(store, { tier, ...held }), query)).toEqual(read(inMemory, query));
      expect(store.openFiles).toBe(0);
    }
    const first = new SqlSession(store, { tier, ...LITTLE }).prepare(query).raw().get();
    expect(first).toEqual(all(inMemory, query)[0]);
    expect(store.openFiles).toBe(0);
  });

  test("files were needed", () => {
    expect(store.filesOpened).toBeGreaterThan(3 * QUERIES.length);
  });
});

describe("writes", () => {
  const WRITES: readonly string[] = [
    "INSERT INTO u SELECT a, b FROM t ORDER BY c DESC",
    "INSERT INTO u SELECT a, group_concat(b) FROM t GROUP BY a",
    "UPDATE t SET c = (SELECT count(*) FROM u WHERE y = b) WHERE a IN (SELECT id FROM t)",
    "UPDATE u SET x = t.id FROM t WHERE t.b = u.y",
    "DELETE FROM t WHERE a IN (SELECT x FROM u) OR id IN (SELECT a + 1 FROM t)",
    "CREATE TABLE made AS SELECT DISTINCT a, b FROM t ORDER BY b",
    "INSERT INTO u SELECT id, b FROM t WHERE true ON CONFLICT DO NOTHING",
  ];

  test.each(WRITES)("%s", (write) => {
    const answer = (options: SqlOptions, isInside: boolean): unknown[] => {
      const store = filled();
      const session = new SqlSession(store, options);
      if (isInside) {
        session.exec("BEGIN; INSERT INTO u VALUES (-1, 'before')");
      }
      const { changes } = session.prepare(write).run();
      if (isInside) {
        session.exec("COMMIT");
      }
      const reading = new SqlSession(store);
      const made = reading.tables().some(({ name }) => name === "made") ? all(reading, "SELECT * FROM made") : [];
      expect(store.openFiles).toBe(0);
      return [changes, all(reading, "SELECT * FROM t"), all(reading, "SELECT x, y FROM u ORDER BY rowid"), made];
    };
    for (const isInside of [false, true]) {
      expect(answer(LITTLE, isInside)).toEqual(answer({}, isInside));
    }
  });

  test("of a trigger's", () => {
    const answer = (options: SqlOptions): unknown[] => {
      const session = new SqlSession(filled(), options);
      session.exec(`
        CREATE TRIGGER g AFTER INSERT ON u WHEN new.x = 0 BEGIN
          INSERT INTO u SELECT DISTINCT a, b FROM t WHERE a IS NOT 0 ORDER BY b DESC;
        END
      `);
      session.exec("INSERT INTO u VALUES (0, 'begin'), (1, 'end')");
      return all(session, "SELECT x, y FROM u LIMIT 200");
    };
    expect(answer({ heldRows: 100 })).toEqual(answer({}));
  });
});

describe("rows that were given out one by one", () => {
  const NEW = "SELECT DISTINCT a, b FROM t";

  test("are not given again", () => {
    const store = filled();
    const session = new SqlSession(store, { heldRows: 50 });
    const rows = session.prepare(NEW).raw().iterate();
    const found = [rows.next().value, rows.next().value];
    // Over a snapshot of its own.
    new SqlSession(store).exec("DELETE FROM t WHERE id < 200");
    found.push(...rows);
    expect(found).toEqual(all(new SqlSession(filled()), NEW));
    expect(store.openFiles).toBe(0);
  });

  test.each([
    ["where the statement draws", "SELECT DISTINCT a, b FROM t WHERE random() IS NOT NULL", ""],
    ["inside of a transaction, which may write", NEW, "BEGIN"],
  ])("end the statement %s", (_, query, before) => {
    const session = new SqlSession(filled(), { heldRows: 50 });
    session.exec(before);
    const rows = session.prepare(query).raw().iterate();
    let count = 0;
    expect(() => {
      for (const _row of rows) {
        count++;
      }
    }).toThrow("a statement may hold 50 groups (option heldRows)");
    expect(count).toBe(50);
  });

  test("let go of their files when nobody asks for more", () => {
    const store = filled();
    const session = new SqlSession(store, LITTLE);
    for (const row of session.prepare("SELECT id, b FROM t ORDER BY b").raw().iterate()) {
      expect(row).toHaveLength(2);
      expect(store.openFiles).toBe(1);
      break;
    }
    expect(store.openFiles).toBe(0);
  });
});

describe("what no disk helps", () => {
  test.each([
    [
      "a recursion's queue",
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n, u WHERE i < 9) SELECT count(*) FROM n",
    ],
    ["a partition", "SELECT id, sum(c) OVER (ORDER BY b) FROM t"],
  ])("%s", (_, query) => {
    const store = filled();
    const session = new SqlSession(store, LITTLE);
    expect(() => session.prepare(query).all()).toThrow("a statement may hold 6 rows (option heldRows)");
    expect(store.openFiles).toBe(0);
  });

  test("a statement that is given none", () => {
    const session = new SqlSession(filled(), { ...LITTLE, spillBytes: 0 });
    expect(() => session.prepare("SELECT b FROM t ORDER BY b").all()).toThrow("(option heldRows)");
    expect(() => session.exec("INSERT INTO u SELECT a, b FROM t ORDER BY b")).toThrow("(option heldRows)");
  });

  test("one that is given too little", () => {
    const store = filled();
    const session = new SqlSession(store, { ...LITTLE, spillBytes: 1500 });
    const query = session.prepare("SELECT id, b FROM t ORDER BY b");
    expect(() => query.all()).toThrow("a statement may have 1500 bytes on disk (option spillBytes)");
    expect(store.openFiles).toBe(0);
  });
});

/** A disk on which the n-th write finds no room. */
function fullAt(write: number): Disk {
  let writes = 0;
  const inner = new MemoryDisk();
  const disk = Object.create(inner, {}) as Disk;
  disk.remove = (name) => inner.remove(name);
  disk.open = (name, mode): DiskFile => {
    const file = inner.open(name, mode);
    const write_ = file.write.bind(file);
    file.write = (from, offset, length, position) => {
      if (++writes === write) {
        throw new DbError("FULL", "cannot write spill.0: no space left on device");
      }
      write_(from, offset, length, position);
    };
    return file;
  };
  return disk;
}

test("a disk that is full ends the statement, and nothing is lost or left", () => {
  const statements = [
    ...QUERIES.filter((_, index) => index % 4 === 0),
    "INSERT INTO u SELECT a, b FROM t ORDER BY c DESC",
  ];
  for (const text of statements) {
    const store = filled();
    const session = new SqlSession(store, LITTLE);
    const before = all(new SqlSession(store), "SELECT * FROM u");
    for (const write of [1, 2, 5]) {
      store.disk = fullAt(write);
      let found: SqlValue | unknown;
      try {
        session.prepare(text).execute();
      } catch (error) {
        found = error;
      }
      // One row may be there before so much is written.
      if (found !== undefined) {
        expect(String(found)).toContain("no space left on device");
      }
      expect(store.openFiles).toBe(0);
      expect(found === undefined ? before : all(new SqlSession(store), "SELECT * FROM u")).toEqual(before);
    }
    store.disk = new MemoryDisk();
    session.prepare(text).execute();
    expect(store.openFiles).toBe(0);
  }
});

test("options that are none are refused", () => {
  for (const options of [{ heldRows: -1 }, { heldBytes: Number.NaN }, { spillBytes: "1" as unknown as number }]) {
    expect(() => new SqlSession(new MemoryStore(), options)).toThrow("is a number from 0 on");
  }
});
