/** Transactions as applications hold them: maps, savepoints, and an end. */
import type { Context } from "./context.ts";
import { mapOpener, type OpenMap } from "./open-map.ts";
import { DURABILITIES, type Durability, oneOf } from "./options.ts";
import { SnapshotContext } from "./snapshot.ts";
import type { Store } from "./store.ts";
import { ISOLATIONS, type Isolation, TransactionContext } from "./transaction-context.ts";
import { WriteContext } from "./write-context.ts";

export interface TransactionOptions {
  /** "snapshot" unless given. */
  readonly isolation?: Isolation;
  /** The database's, unless given. */
  readonly durability?: Durability;
}

/** What `db.write` hands to its callback. */
export class WriteTransaction {
  readonly map: OpenMap;
  /**
   * For frontends: the level of bytes.
   * @internal
   */
  readonly context: WriteContext;
  /** @internal */
  readonly store: Store;

  /** @internal */
  constructor(store: Store) {
    this.store = store;
    this.context = new WriteContext(store);
    this.map = mapOpener(store, this.context);
  }

  /** A mark to go back to. */
  savepoint(): number {
    return this.context.savepoint();
  }

  /** Takes back every write since the savepoint. */
  rollbackTo(savepoint: number): void {
    this.context.rollbackTo(savepoint);
  }
}

/** An interactive transaction: it may stay open across awaits. */
export class Transaction implements AsyncDisposable {
  readonly map: OpenMap;
  /**
   * For frontends: the level of bytes.
   * @internal
   */
  readonly context: TransactionContext;
  /** @internal */
  readonly store: Store;
  readonly #durability: Durability;

  /** @internal */
  constructor(store: Store, options: TransactionOptions = {}) {
    this.store = store;
    this.#durability = oneOf("durability", options.durability ?? store.options.durability, DURABILITIES);
    this.context = new TransactionContext(store, oneOf("isolation", options.isolation ?? "snapshot", ISOLATIONS));
    this.map = mapOpener(store, this.context);
  }

  get isOpen(): boolean {
    return this.context.isOpen;
  }

  /** A mark to go back to. */
  savepoint(): number {
    return this.context.savepoint();
  }

  /** Takes back every write since the savepoint. */
  rollbackTo(savepoint: number): void {
    this.context.rollbackTo(savepoint);
  }

  /**
   * Makes the writes visible at once and resolves when they are as durable as was asked for; one that wrote nothing
   * resolves when what it read is. Rejects with CONFLICT if a later commit got in the way: run the transaction again.
   */
  async commit(): Promise<void> {
    const { snapshotCommit } = this.context;
    const commit = this.context.commit(this.#durability !== "relaxed") ?? snapshotCommit;
    if (commit > this.store.log.durableCommit) {
      await this.store.settled(this.#durability);
    }
  }

  /** Drops the writes; does nothing after the end. */
  rollback(): void {
    this.context.rollback();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.rollback();
  }
}

/** The database as it was at one commit. */
export class Snapshot implements Disposable {
  readonly map: OpenMap;
  /**
   * For frontends: the level of bytes.
   * @internal
   */
  readonly context: Context;
  /** @internal */
  readonly store: Store;
  readonly commit: number;
  readonly #context: SnapshotContext;

  /** @internal */
  constructor(store: Store, at: number | undefined) {
    this.store = store;
    this.#context = new SnapshotContext(store, at);
    this.context = this.#context;
    this.commit = this.#context.commit;
    this.map = mapOpener(store, this.#context);
  }

  close(): void {
    this.#context.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
