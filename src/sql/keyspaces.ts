/**
 * The keyspaces of tables and indexes, made and dropped in transactions.
 *
 * Tables are keyspaces named `sql/<table>`; a name that is still taken (by a table that an open transaction has dropped)
 * gets a number behind it. Making and dropping keyspaces is part of a statement's own transaction. An interactive
 * transaction cannot do that in mvcc: what it makes is made at once, and dropped again if it does not commit; what it
 * drops is dropped when it has. So is a keyspace of a statement that is made with many entries, which become pages at once, past the log.
 * A crash in between leaves a keyspace that no table refers to: space, not damage.
 */
import type { LoadTarget, Store, WriteContext } from "../mvcc/index.ts";

/** What keyspaces of tables say of their keys and values. */
const DESCRIPTION = { engine: "btree", key: "sql", value: "sql" } as const;

/** How a transaction makes and drops keyspaces, and what becomes of them at its end. */
export interface Keyspaces {
  find(name: string): number | undefined;
  create(name: string): number;
  /** Undefined: it is to be made without entries. */
  createLoaded(name: string, fill: (target: LoadTarget) => void): number | undefined;
  drop(keyspace: number): void;
  /** How much of it has been done. */
  readonly progress: KeyspaceProgress;
  /** What was done beyond that is undone. */
  goBackTo(progress: KeyspaceProgress): void;
  ended(isCommitted: boolean): void;
}

export interface KeyspaceProgress {
  readonly created: number;
  readonly loaded: number;
  readonly dropped: number;
}

export const NOTHING_DONE: KeyspaceProgress = { created: 0, loaded: 0, dropped: 0 };

/** The catalog's own keyspace is nobody's to take back. */
function isOfTable(name: string | undefined): name is string {
  return name?.includes("/") === true;
}

/** In the open record of the log, with everything else. */
export class StatementKeyspaces implements Keyspaces {
  readonly #store: Store;
  readonly #context: WriteContext;
  readonly #created: { readonly name: string; readonly id: number }[];
  /** Made by commits of their own. */
  readonly #loaded: string[];
  /** Made so, and no longer wanted. */
  readonly #undone: string[];
  /** Made and dropped in the same record, where there is nothing to drop before its commit. */
  readonly #dropped: string[];

  constructor(store: Store, context: WriteContext) {
    this.#store = store;
    this.#context = context;
    this.#created = [];
    this.#loaded = [];
    this.#undone = [];
    this.#dropped = [];
  }

  get progress(): KeyspaceProgress {
    return { created: this.#created.length, loaded: this.#loaded.length, dropped: this.#dropped.length };
  }

  find(name: string): number | undefined {
    return this.#created.findLast((made) => made.name === name)?.id ?? this.#store.catalog.find(name)?.id;
  }

  create(name: string): number {
    const info = this.#context.keyspace(this.#freeName(name), () => DESCRIPTION)!;
    this.#created.push(info);
    return info.id;
  }

  createLoaded(name: string, fill: (target: LoadTarget) => void): number | undefined {
    const info = this.#context.createLoaded(this.#freeName(name), DESCRIPTION, fill);
    if (info !== undefined) {
      this.#loaded.push(info.name);
    }
    return info?.id;
  }

  #freeName(name: string): string {
    return freeName(name, (free) => this.find(free) !== undefined);
  }

  drop(keyspace: number): void {
    const created = this.#created.find(({ id }) => id === keyspace);
    if (created === undefined) {
      this.#store.dropKeyspace(this.#store.catalog.byId(keyspace)!.name);
    } else {
      this.#dropped.push(created.name);
    }
  }

  /** The record itself goes back, too. */
  goBackTo({ created, loaded, dropped }: KeyspaceProgress): void {
    this.#created.length = created;
    this.#undone.push(...this.#loaded.splice(loaded));
    this.#dropped.length = dropped;
  }

  ended(isCommitted: boolean): void {
    for (const name of [...this.#undone, ...(isCommitted ? this.#dropped : this.#loaded)]) {
      if (this.#store.catalog.find(name) !== undefined) {
        this.#store.dropKeyspace(name);
      }
    }
  }
}

/** By commits of their own: making before, dropping after. */
export class InteractiveKeyspaces implements Keyspaces {
  readonly #store: Store;
  readonly #created: string[];
  readonly #dropped: number[];
  /** Made, and no longer wanted. */
  readonly #undone: string[];

  constructor(store: Store) {
    this.#store = store;
    this.#created = [];
    this.#dropped = [];
    this.#undone = [];
  }

  get progress(): KeyspaceProgress {
    return { created: this.#created.length, loaded: 0, dropped: this.#dropped.length };
  }

  find(name: string): number | undefined {
    return this.#store.catalog.find(name)?.id;
  }

  create(name: string): number {
    this.#store.writer.checkAlone();
    const isTaken = (free: string): boolean => this.find(free) !== undefined;
    const info = this.#store.createKeyspace(freeName(name, isTaken), DESCRIPTION);
    this.#created.push(info.name);
    return info.id;
  }

  /** Others would wait for its end to write pages. */
  createLoaded(): undefined {
    return undefined;
  }

  drop(keyspace: number): void {
    this.#dropped.push(keyspace);
  }

  /** What was made stays until the end: the transaction may have written to it. */
  goBackTo({ created, dropped }: KeyspaceProgress): void {
    this.#undone.push(...this.#created.splice(created));
    this.#dropped.length = dropped;
  }

  ended(isCommitted: boolean): void {
    const gone = isCommitted
      ? this.#dropped.map((keyspace) => this.#store.catalog.byId(keyspace)?.name)
      : this.#created;
    for (const name of [...gone, ...this.#undone].filter(isOfTable)) {
      if (this.#store.catalog.find(name) !== undefined) {
        this.#store.dropKeyspace(name);
      }
    }
  }
}

/** `name`, or the first of `name~2`, `name~3`, … that no keyspace has. */
function freeName(name: string, isTaken: (name: string) => boolean): string {
  let free = name;
  for (let number = 2; isTaken(free); number++) {
    free = `${name}~${number}`;
  }
  return free;
}
