/**
 * The right to write a store, which one connection may reserve: until it gives that back, others of the store get LOCKED where they
 * want to write. Connections are told by identity.
 */
import { DbError } from "../errors.ts";

export class WriteReservation {
  #holder: object | undefined;

  constructor() {
    this.#holder = undefined;
  }

  take(connection: object): void {
    this.check(connection);
    this.#holder = connection;
  }

  /** Throws LOCKED where another connection has it. */
  check(connection: object): void {
    if (this.#holder !== undefined && this.#holder !== connection) {
      throw new DbError("LOCKED", "database is locked: BEGIN IMMEDIATE or EXCLUSIVE of another connection is not over");
    }
  }

  /** No effect where the connection does not have it. */
  release(connection: object): void {
    if (this.#holder === connection) {
      this.#holder = undefined;
    }
  }
}
