/** `db.sql`, `tx.sql`, `snapshot.sql`: one transaction over rows and map entries, whoever ends it and however. */
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Database, type DbError, open, restore, type Transaction } from "../../src/index.ts";
import { withTemporaryDirectory } from "../support/temporary-directory.ts";

const SCHEMA = `
  CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT UNIQUE, age INTEGER);
  CREATE TABLE parents (id INTEGER PRIMARY KEY);
  CREATE TABLE children (id INTEGER PRIMARY KEY, parent REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
`;

let db: Database;

beforeEach(() => {
  db = open(":memory:");
  db.sql.exec(SCHEMA);
});

afterEach(() => db.close());

function names(): unknown[] {
  return db.sql.prepare("SELECT name FROM users ORDER BY id").pluck().all();
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as DbError).code;
  }
  return "none";
}

async function codeOfPromise(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => "none",
    (error: DbError) => error.code,
  );
}

function integrity(): unknown {
  return db.sql.prepare("PRAGMA integrity_check").pluck().all();
}

describe("db.sql", () => {
  it("takes values of a template as parameters", () => {
    const name = "Robert'); DROP TABLE users;--";
    expect(db.sql`INSERT INTO users (name) VALUES (${name})`).toEqual([]);
    expect(db.sql`SELECT id, name FROM users WHERE name = ${name} AND id > ${0}`).toEqual([{ id: 1, name }]);
    expect(db.sql<{ n: number }>`SELECT count(*) AS n FROM users`[0]?.n).toBe(1);
  });

  it("has statements with types of their own", () => {
    db.sql.exec("INSERT INTO users VALUES (1, 'Ada', 36), (2, 'Grace', 85)");
    const older = db.sql.prepare<[least: number], { name: string }>("SELECT name FROM users WHERE age > ?");
    expect(older.all(40).map(({ name }) => name.toUpperCase())).toEqual(["GRACE"]);
    const byName = db.sql.prepare<{ name: string }>("SELECT * FROM users WHERE name = :name");
    expect(byName.get({ name: "Ada" })).toEqual({ id: 1, name: "Ada", age: 36 });
    expect(byName.raw<[number, string, number]>().get({ name: "Ada" })?.[2]).toBe(36);
    expect([...db.sql.prepare("SELECT id FROM users").pluck().iterate()]).toEqual([1, 2]);
  });

  it("leaves no transaction open", () => {
    for (const text of ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT a", "RELEASE a", "ROLLBACK TO a"]) {
      expect(
        codeOf(() => db.sql.prepare(text)),
        text,
      ).toBe("INVALID");
    }
    db.sql.exec("BEGIN; INSERT INTO users (name) VALUES ('Ada'); COMMIT");
    expect(codeOf(() => db.sql.exec("BEGIN; INSERT INTO users (name) VALUES ('Grace')"))).toBe("INVALID");
    expect(codeOf(() => db.sql.exec("BEGIN; INSERT INTO users (name) VALUES ('Grace'); SELECT * FROM nothing"))).toBe(
      "INVALID",
    );
    db.sql.exec("INSERT INTO users (name) VALUES ('Edsger')");
    expect(names()).toEqual(["Ada", "Edsger"]);
  });

  it("is the same as long as the database is open, and CLOSED afterwards", () => {
    const other = open(":memory:");
    const { sql } = other;
    expect(other.sql).toBe(sql);
    sql.exec("CREATE TABLE t (a)");
    other.close();
    expect(codeOf(() => sql`SELECT a FROM t`)).toBe("CLOSED");
  });

  it("writes nothing to a database that is open to read, and names what is no map", async () => {
    await withTemporaryDirectory((directory) => {
      const path = join(directory, "a.nacre");
      const first = open(path);
      first.sql.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
      expect(codeOf(() => first.map("sql/t"))).toBe("INVALID");
      first.close();
      const reader = open(path, { readOnly: true });
      expect(reader.sql`SELECT a FROM t`).toEqual([{ a: 1 }]);
      expect(codeOf(() => reader.sql`INSERT INTO t VALUES (2)`)).toBe("READONLY");
      reader.close();
    });
  });
});

/** The same of all three kinds of transaction: what `work` does is committed, or rolled back where it throws. */
const KINDS: readonly {
  readonly kind: string;
  readonly run: (work: (tx: Pick<Transaction, "map" | "sql" | "savepoint" | "rollbackTo">) => void) => Promise<void>;
}[] = [
  { kind: "write", run: async (work) => db.write(work) },
  { kind: "transaction", run: (work) => db.transaction(async (tx) => work(tx)) },
  {
    kind: "begin",
    run: async (work) => {
      await using tx = db.begin();
      work(tx);
      await tx.commit();
    },
  },
];

describe.each(KINDS)("tx.sql in $kind", ({ run }) => {
  it("commits rows and entries together", async () => {
    const before = db.lastCommit;
    await run((tx) => {
      tx.sql.prepare("INSERT INTO users (name) VALUES (?)").run("Ada");
      tx.map("m").put("a", 1);
      expect(tx.sql`SELECT name FROM users`).toEqual([{ name: "Ada" }]);
      expect(names()).toEqual([]);
    });
    expect([names(), db.map("m").get("a")]).toEqual([["Ada"], 1]);
    const commits: (readonly string[])[] = [];
    for await (const { commit, changes } of db.changes({ since: before })) {
      commits.push(changes.map(({ map }) => map));
      if (commit === db.lastCommit) {
        break;
      }
    }
    expect(commits.filter((maps) => maps.includes("m"))).toEqual([
      expect.arrayContaining(["m", "sql/users", "sql/sqlite_autoindex_users_1"]),
    ]);
  });

  it("rolls both back where the callback throws", async () => {
    db.map("m").put("a", 0);
    await expect(
      run((tx) => {
        tx.map("m").put("a", 1);
        tx.sql.exec("INSERT INTO users (name) VALUES ('Ada')");
        throw new RangeError("no");
      }),
    ).rejects.toThrow(RangeError);
    expect([names(), db.map("m").get("a")]).toEqual([[], 0]);
  });

  it("takes back a statement that fails, and no more", async () => {
    await run((tx) => {
      tx.map("m").put("a", 1);
      tx.sql.exec("INSERT INTO users (id, name) VALUES (1, 'Ada')");
      expect(codeOf(() => tx.sql.exec("INSERT INTO users (id, name) VALUES (2, 'Grace'), (3, 'Ada')"))).toBe("INVALID");
      tx.sql.exec("INSERT INTO users (name) VALUES ('Edsger')");
    });
    expect([names(), db.map("m").get("a")]).toEqual([["Ada", "Edsger"], 1]);
    expect(integrity()).toEqual(["ok"]);
  });

  it("goes back to savepoints, its own and the transaction's", async () => {
    await run((tx) => {
      tx.sql.exec("INSERT INTO users (name) VALUES ('Ada')");
      const mark = tx.savepoint();
      tx.sql.exec("INSERT INTO users (name) VALUES ('Grace'); CREATE TABLE late (a); INSERT INTO late VALUES (1)");
      tx.map("m").put("a", 1);
      tx.rollbackTo(mark);
      expect(codeOf(() => tx.sql.prepare("SELECT * FROM late"))).toBe("INVALID");
      tx.map("m").put("b", 2);
      tx.sql.exec("SAVEPOINT s; INSERT INTO users (name) VALUES ('Barbara')");
      tx.map("m").put("c", 3);
      tx.sql.exec("ROLLBACK TO s; RELEASE s; INSERT INTO users (name) VALUES ('Edsger')");
    });
    expect(db.sql`SELECT id, name FROM users`).toEqual([
      { id: 1, name: "Ada" },
      { id: 2, name: "Edsger" },
    ]);
    expect([...db.map("m").range()]).toEqual([["b", 2]]);
    expect(integrity()).toEqual(["ok"]);
  });

  it("checks deferred foreign keys at the end", async () => {
    await run((tx) => {
      tx.sql.exec("INSERT INTO children VALUES (1, 7)");
      tx.sql.exec("INSERT INTO parents VALUES (7)");
    });
    const orphaned = run((tx) => {
      tx.map("m").put("a", 1);
      tx.sql.exec("INSERT INTO children VALUES (2, 8)");
    });
    await expect(orphaned).rejects.toThrow("FOREIGN KEY");
    const forgotten = run((tx) => {
      tx.sql.exec("INSERT INTO children VALUES (3, 9)");
      const mark = tx.savepoint();
      tx.sql.exec("INSERT INTO parents VALUES (9)");
      tx.rollbackTo(mark);
    });
    await expect(forgotten).rejects.toThrow("FOREIGN KEY");
    await run((tx) => {
      const mark = tx.savepoint();
      tx.sql.exec("INSERT INTO children VALUES (4, 10)");
      tx.rollbackTo(mark);
    });
    expect(db.sql`SELECT id FROM children`).toEqual([{ id: 1 }]);
    expect(db.map("m").get("a")).toBeUndefined();
  });

  it("changes the schema with the transaction, or not at all", async () => {
    await run((tx) => {
      tx.sql.exec("CREATE TABLE made (a INTEGER PRIMARY KEY, b); CREATE INDEX made_b ON made (b)");
      tx.sql.exec("INSERT INTO made VALUES (1, 'x'); ALTER TABLE made ADD COLUMN c DEFAULT 5; DROP TABLE parents");
      tx.map("m").put("a", 1);
    });
    expect(db.sql`SELECT * FROM made WHERE b = 'x'`).toEqual([{ a: 1, b: "x", c: 5 }]);
    const tables = db.sql.tables().map(({ name }) => name);
    expect(tables).toEqual(["children", "made", "users"]);
    const maps = db.maps().sort();
    const failed = run((tx) => {
      tx.sql.exec("CREATE TABLE more (a); INSERT INTO more VALUES (1); DROP TABLE made; DROP TABLE users");
      throw new RangeError("no");
    });
    await expect(failed).rejects.toThrow(RangeError);
    expect(db.sql.tables().map(({ name }) => name)).toEqual(tables);
    expect(db.maps().sort()).toEqual(maps);
    expect(db.sql`SELECT * FROM made WHERE b = 'x'`).toEqual([{ a: 1, b: "x", c: 5 }]);
    expect(integrity()).toEqual(["ok"]);
    await db.check();
  });

  it("does not end the transaction by SQL", async () => {
    await run((tx) => {
      for (const text of ["BEGIN", "COMMIT", "ROLLBACK"]) {
        expect(
          codeOf(() => tx.sql.prepare(text)),
          text,
        ).toBe("INVALID");
        expect(
          codeOf(() => tx.sql.exec(text)),
          text,
        ).toBe("INVALID");
      }
      tx.sql.exec("INSERT INTO users (name) VALUES ('Ada')");
    });
    expect(names()).toEqual(["Ada"]);
  });

  it("commits nothing after a statement that rolls back", async () => {
    const failed = run((tx) => {
      tx.map("m").put("a", 1);
      tx.sql.exec("INSERT INTO users (name) VALUES ('Ada')");
      expect(codeOf(() => tx.sql.exec("INSERT OR ROLLBACK INTO users (name) VALUES ('Ada')"))).toBe("INVALID");
      expect(codeOf(() => tx.sql`SELECT 1`)).toBe("INVALID");
    });
    await expect(failed).rejects.toThrow("rolled back");
    expect([names(), db.map("m").get("a")]).toEqual([[], undefined]);
    await run((tx) => void tx.sql.exec("INSERT INTO users (name) VALUES ('Grace')"));
    expect(names()).toEqual(["Grace"]);
  });

  it("is of no use behind the end", async () => {
    let kept: Transaction["sql"] | undefined;
    await run(({ sql }) => {
      kept = sql;
    });
    expect(codeOf(() => kept!`SELECT 1`)).toBe("CLOSED");
  });
});

describe("tx.sql", () => {
  it("goes on with the statements of an earlier db.write", () => {
    let insert: ReturnType<Database["sql"]["prepare"]> | undefined;
    for (const name of ["Ada", "Grace"]) {
      db.write((tx) => {
        insert ??= tx.sql.prepare("INSERT INTO users (name) VALUES (?)");
        insert.run(name);
      });
    }
    expect(() => insert?.run("Edsger")).toThrow("over");
    expect(names()).toEqual(["Ada", "Grace"]);
  });

  it("locks out db.sql while db.write runs", () => {
    db.write(() => {
      expect(codeOf(() => db.sql`INSERT INTO users (name) VALUES ('Ada')`)).toBe("LOCKED");
    });
    expect(names()).toEqual([]);
  });

  it("keeps what is open at the same time apart", async () => {
    const [one, two] = [db.begin(), db.begin()];
    const text = "INSERT INTO users (id, name) VALUES (?, ?)";
    const first = one.sql.prepare(text);
    const second = two.sql.prepare(text);
    first.run(1, "Ada");
    second.run(2, "Grace");
    expect([one.sql`SELECT name FROM users`, two.sql`SELECT name FROM users`]).toEqual([
      [{ name: "Ada" }],
      [{ name: "Grace" }],
    ]);
    await one.commit();
    two.rollback();
    const three = db.begin();
    expect(() => second.run(3, "Edsger")).toThrow("over");
    three.sql.prepare(text).run(4, "Barbara");
    await three.commit();
    expect(names()).toEqual(["Ada", "Barbara"]);
  });

  it("conflicts where what a statement has read was written, so that constraints hold", async () => {
    db.sql.exec("INSERT INTO parents VALUES (1)");
    const child = db.begin();
    child.sql.exec("INSERT INTO children VALUES (1, 1)");
    db.sql.exec("DELETE FROM parents");
    expect(await codeOfPromise(child.commit())).toBe("CONFLICT");
    expect(db.sql`SELECT * FROM children`).toEqual([]);
  });

  it("conflicts with a schema that was changed meanwhile", async () => {
    db.sql.exec("INSERT INTO users (name) VALUES ('Ada')");
    const tx = db.begin();
    tx.sql.exec("UPDATE users SET age = 1");
    db.sql.exec("CREATE INDEX by_age ON users (age)");
    expect(await codeOfPromise(tx.commit())).toBe("CONFLICT");
    // One that began before, and comes to SQL later.
    const late = db.begin();
    db.sql.exec("CREATE INDEX by_age_too ON users (age)");
    late.sql.exec("UPDATE users SET age = 2");
    expect(await codeOfPromise(late.commit())).toBe("CONFLICT");
    const reader = db.begin();
    db.sql.exec("ALTER TABLE users ADD COLUMN born");
    expect(Object.keys(reader.sql`SELECT * FROM users`[0]!)).toEqual(["id", "name", "age"]);
    await reader.commit();
    expect(integrity()).toEqual(["ok"]);
  });

  it("is tried again by db.transaction", async () => {
    db.sql.exec("INSERT INTO users VALUES (1, 'Ada', 0)");
    const older = (): Promise<void> =>
      db.transaction(async (tx) => {
        const { age } = tx.sql<{ age: number }>`SELECT age FROM users`[0]!;
        await Promise.resolve();
        tx.sql`UPDATE users SET age = ${age + 1}`;
      });
    await Promise.all([older(), older(), older(), older()]);
    expect(db.sql`SELECT age FROM users`).toEqual([{ age: 4 }]);
  });

  it("minds who has reserved the right to write", async () => {
    const { default: Sqlite } = await import("../../src/sqlite.ts");
    const other = new Sqlite(db);
    other.exec("BEGIN IMMEDIATE");
    expect(codeOf(() => db.write((tx) => tx.sql.exec("INSERT INTO users (name) VALUES ('Ada')")))).toBe("LOCKED");
    other.exec("ROLLBACK");
    db.write((tx) => tx.sql.exec("INSERT INTO users (name) VALUES ('Ada')"));
    expect(names()).toEqual(["Ada"]);
  });

  it("is durable with its transaction", async () => {
    await withTemporaryDirectory(async (directory) => {
      const path = join(directory, "a.nacre");
      const first = open(path);
      first.write((tx) => {
        tx.sql.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
        tx.map("m").put("a", 1);
      });
      await first.transaction(async (tx) => {
        tx.sql.exec("CREATE TABLE u (a); INSERT INTO u VALUES (2)");
      });
      await first.backup(join(directory, "copy"));
      first.close();
      await restore(join(directory, "copy"), join(directory, "restored.nacre"));
      for (const place of [path, join(directory, "restored.nacre")]) {
        const again = open(place);
        expect(again.sql`SELECT t.a, u.a AS b FROM t, u`).toEqual([{ a: 1, b: 2 }]);
        expect(again.map("m").get("a")).toBe(1);
        await again.check();
        again.close();
      }
    });
  });
});

describe("snapshot.sql", () => {
  it("reads what was there, with the schema that was there", () => {
    db.sql.exec("INSERT INTO users (name) VALUES ('Ada')");
    const before = db.lastCommit;
    const snapshot = db.snapshot();
    db.sql.exec(
      "INSERT INTO users (name) VALUES ('Grace'); ALTER TABLE users ADD COLUMN born; CREATE INDEX i ON users (age)",
    );
    expect(snapshot.sql`SELECT * FROM users`).toEqual([{ id: 1, name: "Ada", age: null }]);
    expect(codeOf(() => snapshot.sql`DELETE FROM users`)).toBe("READONLY");
    const earlier = db.snapshot({ at: before });
    expect([...earlier.sql.prepare("SELECT name FROM users WHERE age IS NULL").pluck().iterate()]).toEqual(["Ada"]);
    earlier.close();
    snapshot.close();
    expect(codeOf(() => snapshot.sql`SELECT name FROM users`)).toBe("CLOSED");
    expect(names()).toEqual(["Ada", "Grace"]);
  });
});

describe("db.sql.changes", () => {
  it("gives rows, commit by commit", async () => {
    db.sql.exec("CREATE TABLE pairs (a, b, PRIMARY KEY (a, b)) WITHOUT ROWID");
    const since = db.lastCommit;
    db.write((tx) => {
      tx.sql.exec("INSERT INTO users (name, age) VALUES ('Ada', 36), ('Grace', 85)");
      tx.sql.exec("INSERT INTO pairs VALUES (1, 'x')");
      tx.map("m").put("a", 1);
    });
    db.map("m").put("b", 1);
    db.sql.exec("UPDATE users SET age = 37 WHERE id = 1");
    db.sql.exec("ALTER TABLE users ADD COLUMN born DEFAULT 1815");
    db.sql.exec("DELETE FROM users WHERE id = 2");
    const seen = [];
    for await (const { commit, changes, isWhole } of db.sql.changes({ since })) {
      expect(isWhole).toBe(true);
      seen.push(
        changes.map(({ table, type, key, row }) => [table, type, key instanceof Uint8Array ? "key" : key, row]),
      );
      if (commit === db.lastCommit) {
        break;
      }
    }
    expect(seen).toEqual([
      [
        ["users", "put", 1, { id: 1, name: "Ada", age: 36, born: 1815 }],
        ["users", "put", 2, { id: 2, name: "Grace", age: 85, born: 1815 }],
        ["pairs", "put", "key", { a: 1, b: "x" }],
      ],
      [["users", "put", 1, { id: 1, name: "Ada", age: 37, born: 1815 }]],
      [["users", "delete", 2, undefined]],
    ]);
  });

  it("tells the end of a commit that comes in parts", async () => {
    db.sql.exec("CREATE TABLE other (a)");
    const since = db.lastCommit;
    db.write((tx) => {
      tx.sql.exec("INSERT INTO users (name) VALUES ('Ada')");
      tx.sql.exec(
        "INSERT INTO other WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 2000) SELECT i FROM n",
      );
    });
    const parts = [];
    for await (const { changes, isWhole } of db.sql.changes({ since, of: "USERS" })) {
      parts.push([changes.length, isWhole]);
      if (isWhole) {
        break;
      }
    }
    expect(parts).toEqual([
      [1, false],
      [0, true],
    ]);
  });
});
