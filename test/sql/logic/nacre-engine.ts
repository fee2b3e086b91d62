/** nacre as the engine of a logic test. */
import { DbError } from "../../../src/errors.ts";
import type { SqlSession } from "../../../src/sql/index.ts";
import { type LogicEngine, LogicRefusal, type LogicRows } from "./engine.ts";

export class NacreEngine implements LogicEngine {
  readonly dialect = "sqlite";
  readonly #session: SqlSession;

  readonly #onClose: () => void;

  constructor(session: SqlSession, onClose: () => void = () => {}) {
    this.#session = session;
    this.#onClose = onClose;
  }

  run(sql: string): void {
    lawful(() => this.#session.exec(sql));
  }

  query(sql: string): LogicRows {
    return lawful(() => {
      const statement = this.#session.prepare(sql).raw();
      return { columns: statement.columns.length, rows: statement.all() };
    });
  }

  close(): void {
    this.#session.close();
    this.#onClose();
  }
}

/** Other errors than DbError are nacre's own. */
function lawful<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DbError) {
      throw new LogicRefusal(`${error.code}: ${error.message.split("\n", 1)[0]}`, { cause: error });
    }
    throw error;
  }
}
