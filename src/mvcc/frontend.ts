/**
 * Frontends: what the layers above mvcc add to a database, to its transactions and to its snapshots, each under a name of its own.
 *
 *   db.sql          as long as the database is open
 *   tx.sql          inside of that transaction: db.write, db.transaction and db.begin
 *   snapshot.sql    reads it
 *
 * mvcc knows none of them. Whoever puts the package together adds those that there are (src/index.ts), and has their types. Inside
 * of a transaction a frontend works through the context, as maps do; what it keeps beside that takes part in the transaction
 * (participants.ts).
 */
import { assert } from "../assert.ts";
import { Database } from "./database.ts";
import { Snapshot, Transaction, WriteTransaction } from "./transaction.ts";

export interface Frontend {
  /** The property that it is. */
  readonly name: string;
  /** These are asked once for each object, when its property is first read. */
  ofDatabase(database: Database): object;
  ofTransaction(transaction: WriteTransaction | Transaction): object;
  ofSnapshot(snapshot: Snapshot): object;
}

/** Gives every database, transaction and snapshot, those that there are included, the property. */
export function addFrontend(frontend: Frontend): void {
  const { name } = frontend;
  addProperty(Database.prototype, name, (database) => frontend.ofDatabase(database));
  addProperty(WriteTransaction.prototype, name, (transaction) => frontend.ofTransaction(transaction));
  addProperty(Transaction.prototype, name, (transaction) => frontend.ofTransaction(transaction));
  addProperty(Snapshot.prototype, name, (snapshot) => frontend.ofSnapshot(snapshot));
}

function addProperty<Owner extends object>(prototype: Owner, name: string, make: (owner: Owner) => object): void {
  assert(!(name in prototype), `a frontend has a name of its own, not ${name}`);
  const made = new WeakMap<Owner, object>();
  Object.defineProperty(prototype, name, {
    get(this: Owner): object {
      let value = made.get(this);
      if (value === undefined) {
        value = make(this);
        made.set(this, value);
      }
      return value;
    },
    enumerable: true,
  });
}
