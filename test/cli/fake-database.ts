/**
 * Just enough of a database to run the shell without one: tables in memory, four forms of statement.
 *
 *   CREATE TABLE t (…)    INSERT INTO t (…) VALUES (?, …)    SELECT * FROM t    SELECT series(n)
 */
import type {
  Database,
  DatabaseAccess,
  RawEntry,
  RawKeyspace,
  SqlSession,
  SqlStatement,
  SqlValue,
  Table,
} from "../../src/cli/database.ts";
import { DbError } from "../../src/errors.ts";

interface FakeTable extends Table {
  rows: SqlValue[][];
}

interface FakeKeyspace extends RawKeyspace {
  readonly entries: RawEntry[];
}

interface FakeStore {
  readonly tables: Map<string, FakeTable>;
  readonly keyspaces: Map<string, FakeKeyspace>;
}

export interface FakeOptions {
  /** Called within every commit, which fails if it throws. */
  readonly onCommit?: (commit: number) => void;
}

/** Databases by their path, which live as long as this does. */
export function fakeDatabases(options: FakeOptions = {}): DatabaseAccess {
  const stores = new Map<string, FakeStore>();
  return {
    open(path, { create }): Database {
      if (!stores.has(path) && !create) {
        throw new DbError("INVALID", `there is no database in ${path}`);
      }
      const store = stores.get(path) ?? { tables: new Map(), keyspaces: new Map() };
      stores.set(path, store);
      return fakeDatabase(store, options);
    },
    restore: missing,
  };
}

function fakeDatabase({ tables, keyspaces }: FakeStore, options: FakeOptions): Database {
  return {
    sql: () => fakeSession(tables, options),
    snapshot: () => ({
      commit: 7,
      keyspaces: [...keyspaces.values()].map((keyspace) => ({ ...keyspace, entryCount: keyspace.entries.length })),
      entries: ({ name }) => keyspaces.get(name)!.entries,
      close: () => undefined,
    }),
    createKeyspace: (keyspace) => keyspaces.set(keyspace.name, { ...keyspace, entries: [] }),
    putRaw: ({ name }, entries) => keyspaces.get(name)!.entries.push(...entries),
    overview: missing,
    check: missing,
    backup: missing,
    close: () => undefined,
  };
}

function missing(): never {
  throw new DbError("UNSUPPORTED", "the fake has no such thing");
}

function fakeSession(tables: Map<string, FakeTable>, options: FakeOptions): SqlSession {
  let commits = 0;
  return {
    prepare: (text) => prepare(text.replace(/;\s*$/, ""), tables),
    transaction(work) {
      const before = [...tables.values()].map((table) => ({ table, length: table.rows.length }));
      try {
        work();
        options.onCommit?.(++commits);
      } catch (error) {
        for (const { table, length } of before) {
          table.rows.length = length;
        }
        throw error;
      }
    },
    onWork: undefined,
    tables: () => [...tables.values()],
    schema: () => [...tables.values()].map(({ name, sql }) => ({ type: "table", name, table: name, sql })),
    close: () => undefined,
  };
}

function prepare(text: string, tables: Map<string, FakeTable>): SqlStatement {
  const series = /^select series\((\d+)\)$/i.exec(text);
  if (series !== null) {
    return query(["value"], () => numbers(Number(series[1])));
  }
  const create = /^create table (\w+) \(([\s\S]*)\)$/i.exec(text);
  if (create !== null) {
    const [, name = "", body = ""] = create;
    return change(() => {
      tables.set(name, { name, sql: text, columns: columnsIn(body), rows: [] });
      return 0;
    });
  }
  const insert = /^insert into (\w+) \((.*)\) values/i.exec(text);
  if (insert !== null) {
    const [, name = "", names = ""] = insert;
    const table = tableNamed(tables, name);
    const places = names.split(", ").map((each) => table.columns.findIndex((column) => column.name === unquoted(each)));
    return change((parameters) => {
      const row: SqlValue[] = table.columns.map(() => null);
      for (const [index, place] of places.entries()) {
        row[place] = parameters[index] ?? null;
      }
      table.rows.push(row);
      return 1;
    });
  }
  const select = /^select\s+\*\s+from\s+(\w+)$/i.exec(text);
  if (select !== null) {
    const table = tableNamed(tables, select[1]!);
    return query(
      table.columns.map((column) => column.name),
      () => table.rows,
    );
  }
  throw new DbError("INVALID", `this is no SQL: ${text}`);
}

function tableNamed(tables: Map<string, FakeTable>, name: string): FakeTable {
  const table = tables.get(name);
  if (table === undefined) {
    throw new DbError("INVALID", `there is no table ${name}`);
  }
  return table;
}

function columnsIn(body: string): { name: string; type: string }[] {
  return body
    .trim()
    .split(/,\s*/)
    .map((definition) => {
      const [, name = "", type = ""] = /^("(?:[^"]|"")*"|\w+)\s*(.*)$/.exec(definition)!;
      return { name: unquoted(name), type };
    });
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}

function query(columns: readonly string[], rows: () => Iterable<readonly SqlValue[]>): SqlStatement {
  return { columns, iterate: () => rows(), run: () => ({ changes: 0 }) };
}

function change(run: (parameters: readonly SqlValue[]) => number): SqlStatement {
  return { columns: [], iterate: () => [], run: (...parameters) => ({ changes: run(parameters) }) };
}

function* numbers(count: number): Generator<readonly SqlValue[]> {
  for (let value = 1; value <= count; value++) {
    yield [value];
  }
}
