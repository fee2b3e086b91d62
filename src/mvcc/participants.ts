/**
 * Who takes part in a transaction beside its maps: frontends that keep something of their own for as long as it lasts, writes held
 * back, checks that wait for the end, what they know of the state that they read.
 *
 * A participant joins once a transaction and hears what becomes of it, savepoints included, whoever makes them. None of it costs a
 * transaction that nobody has joined anything.
 */

export interface Participant {
  /** The transaction is about to commit: this may still write, and stops the commit by throwing. */
  beforeCommit(): void;
  /** The transaction is over. */
  ended(isCommitted: boolean): void;
  /** There is a savepoint: what holds now will hold again when the transaction goes back to it. */
  savepointMade(savepoint: number): void;
  wentBackTo(savepoint: number): void;
}

export class Participants {
  #joined: Participant[];

  constructor() {
    this.#joined = [];
  }

  /** From now on to the transaction's end. */
  join(participant: Participant): void {
    if (!this.#joined.includes(participant)) {
      this.#joined.push(participant);
    }
  }

  beforeCommit(): void {
    for (const participant of this.#joined) {
      participant.beforeCommit();
    }
  }

  ended(isCommitted: boolean): void {
    if (this.#joined.length > 0) {
      const joined = this.#joined;
      this.#joined = [];
      for (const participant of joined) {
        participant.ended(isCommitted);
      }
    }
  }

  savepointMade(savepoint: number): void {
    for (const participant of this.#joined) {
      participant.savepointMade(savepoint);
    }
  }

  wentBackTo(savepoint: number): void {
    for (const participant of this.#joined) {
      participant.wentBackTo(savepoint);
    }
  }
}
