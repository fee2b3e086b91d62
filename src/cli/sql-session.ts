/** SQL on a database of the library, as the shell needs it. */
import type { Database } from "../mvcc/index.ts";
import { openSql } from "../sql/index.ts";
import type { SchemaObject, SqlSession, SqlStatement } from "./database.ts";

const SCHEMA =
  "SELECT type, name, tbl_name AS \"table\", sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite~_%' ESCAPE '~'";

export function sqlSession(database: Database): SqlSession {
  const session = openSql(database);
  return {
    get onWork() {
      return session.onWork;
    },
    set onWork(onWork) {
      session.onWork = onWork;
    },
    schema: () => session.prepare(SCHEMA).all() as unknown as SchemaObject[],
    prepare(text): SqlStatement {
      const statement = session.prepare(text).raw();
      return {
        columns: statement.columns,
        iterate: (...parameters) => statement.iterate(...parameters),
        run: (...parameters) => statement.run(...parameters),
      };
    },
    transaction: (work) => session.transaction(work),
    tables: () => session.tables(),
    close: () => session.close(),
  };
}
