/** A chained batch: operations that are collected, and committed together. */
import { AbstractChainedBatch, type AbstractChainedBatchDelOptions, type AbstractLevel } from "abstract-level";
import type { Encoded } from "./encoded.ts";
import { LevelError } from "./errors.ts";
import type { EncodedOperation } from "./operation.ts";
import type { LevelWriteOptions } from "./options.ts";

/** What commits. */
type Commit = (operations: readonly EncodedOperation[], options: LevelWriteOptions) => unknown;

export class LevelChainedBatch<Database, K, V> extends AbstractChainedBatch<Database, K, V> {
  readonly #commit: Commit;
  #operations: EncodedOperation[];

  /** @internal */
  constructor(db: Database, commit: Commit) {
    super(db);
    this.#commit = commit;
    this.#operations = [];
  }

  override del(key: K): this;
  override del<A = K>(key: A, options: AbstractChainedBatchDelOptions<Database, A>): this;
  override del<A>(key: A, options?: AbstractChainedBatchDelOptions<Database, A>): this {
    const sublevel = options?.sublevel as (AbstractLevel<Encoded> & { readonly db?: unknown }) | undefined;
    if (sublevel !== undefined && sublevel !== null && (sublevel.db ?? sublevel) !== this.db) {
      // abstract-level puts the sublevel's prefix before the key and forgets the sublevel.
      throw new LevelError(
        "LEVEL_NOT_SUPPORTED",
        "a chained batch deletes only from its own database; use batch([…]) to delete from another level beside it",
      );
    }
    return options === undefined ? super.del(key as unknown as K) : super.del(key, options);
  }

  /** Commits the operations; `sync: true` resolves when they are on disk. */
  override async write(options?: LevelWriteOptions): Promise<void> {
    await super.write(options ?? {});
  }

  /** @internal */
  _put(_key: Encoded, _value: Encoded, operation: EncodedOperation): void {
    this.#operations.push(operation);
  }

  /** @internal */
  _del(_key: Encoded, operation: EncodedOperation): void {
    this.#operations.push(operation);
  }

  /** @internal */
  _clear(): void {
    this.#operations = [];
  }

  /** @internal */
  _write(options: LevelWriteOptions): unknown {
    return this.#commit(this.#operations, options);
  }
}
