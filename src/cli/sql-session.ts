/** SQL on a database of the library, as the shell needs it. */
import type { Database } from "../mvcc/index.ts";
import { openSql } from "../sql/index.ts";
import type { SqlSession, SqlStatement } from "./database.ts";

export function sqlSession(database: Database): SqlSession {
  const session = openSql(database);
  return {
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
