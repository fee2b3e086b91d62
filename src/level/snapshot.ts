/** An explicit snapshot: nacre's, of the whole database, as abstract-level counts the work that uses it. */
import { AbstractSnapshot } from "abstract-level";
import type { Context, Database } from "../mvcc/index.ts";
import { SnapshotContext } from "../mvcc/index.ts";

/** The declarations leave out what the constructor takes: who closes the snapshot when it closes itself. */
interface SnapshotOptions {
  readonly owner: object;
}
const SnapshotBase: new (options: SnapshotOptions) => AbstractSnapshot = AbstractSnapshot as new (
  options: SnapshotOptions,
) => AbstractSnapshot;

export class LevelSnapshot extends SnapshotBase {
  readonly #database: Database;
  readonly #context: SnapshotContext;

  /** @internal */
  constructor(database: Database, options: SnapshotOptions) {
    // First: what throws here is not to leave a resource behind.
    const context = new SnapshotContext(database.store);
    super(options);
    this.#database = database;
    this.#context = context;
  }

  /**
   * Where to read from it. Throws TypeError where it is another database's.
   * @internal
   */
  contextIn(database: Database): Context {
    if (database !== this.#database) {
      throw new TypeError("The snapshot is of another database");
    }
    return this.#context;
  }

  /** @internal */
  _close(): void {
    this.#context.close();
  }
}
