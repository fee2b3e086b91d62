/**
 * Keyspaces of several databases under one set of numbers: that of the database, then that which the keyspace has there.
 *
 *   31      27                              0
 *   ├───────┼───────────────────────────────┤      database 0 is main, 1 temp, 2 … 11 those that are attached
 *
 * Main's keyspaces keep their numbers, so that what knows nothing of other databases needs not know of this either.
 */
import { assert } from "../../assert.ts";

const DATABASE_SHIFT = 27;
const KEYSPACE_MASK = 2 ** DATABASE_SHIFT - 1;

export const MAIN = 0;
export const TEMP = 1;
/** SQLite's bound, too: ten beside main and temp. */
export const MOST_DATABASES = 12;

export function databaseOf(keyspace: number): number {
  return keyspace >>> DATABASE_SHIFT;
}

/** The keyspace's number in its own database. */
export function withinDatabase(keyspace: number): number {
  return keyspace & KEYSPACE_MASK;
}

export function keyspaceOf(database: number, keyspace: number): number {
  assert(keyspace <= KEYSPACE_MASK, "a database has fewer than 2^27 keyspaces");
  return database * 2 ** DATABASE_SHIFT + keyspace;
}
