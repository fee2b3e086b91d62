/**
 * `db.transaction(fn)`: a function that runs `fn` in a transaction, or, inside one, in a savepoint.
 *
 * What begins here is one transaction of the engine's that is alone in the database, the fastest it has: nothing can come between,
 * as `fn` is synchronous. So `deferred`, `immediate` and `exclusive` are alike, and other connections of the process that
 * want to write while `fn` runs get SQLITE_BUSY.
 */
import type { AnyFunction } from "./definition-options.ts";
import type { ConnectionState } from "./state.ts";

export interface TransactionFunction<F extends AnyFunction> {
  (...parameters: Parameters<F>): ReturnType<F>;
  default(...parameters: Parameters<F>): ReturnType<F>;
  deferred(...parameters: Parameters<F>): ReturnType<F>;
  immediate(...parameters: Parameters<F>): ReturnType<F>;
  exclusive(...parameters: Parameters<F>): ReturnType<F>;
}

const SAVEPOINT = "\t_bs3.\t";
const QUOTED_SAVEPOINT = `\`${SAVEPOINT}\``;

export function transactionFunction<F extends AnyFunction>(
  state: ConnectionState,
  database: object,
  work: F,
): TransactionFunction<F> {
  const made = {
    default: { value: inTransaction(state, work, "BEGIN") },
    deferred: { value: inTransaction(state, work, "BEGIN DEFERRED") },
    immediate: { value: inTransaction(state, work, "BEGIN IMMEDIATE") },
    exclusive: { value: inTransaction(state, work, "BEGIN EXCLUSIVE") },
  };
  const properties = { ...made, database: { value: database, enumerable: true } };
  for (const { value } of Object.values(made)) {
    Object.defineProperties(value, properties);
  }
  return made.default.value as unknown as TransactionFunction<F>;
}

/** `begin` is what `verbose` is shown. */
function inTransaction(state: ConnectionState, work: AnyFunction, begin: string): AnyFunction {
  return function sqliteTransaction(this: unknown, ...parameters: unknown[]): unknown {
    const { session } = state;
    const { transactions } = session;
    const control = (text: string, act: () => void): void => {
      state.requireOpen();
      state.requireNotBusy();
      state.requireNoIteratorsUnlessUnsafe();
      state.whileBusy(() => {
        state.logText(text);
        state.patiently(act);
      });
    };
    const isNested = session.inTransaction;
    if (isNested) {
      control(`SAVEPOINT ${QUOTED_SAVEPOINT}`, () => transactions.savepoint(SAVEPOINT));
    } else {
      control(begin, () => transactions.begin("statement"));
    }
    const release = (): void => control(`RELEASE ${QUOTED_SAVEPOINT}`, () => transactions.release(SAVEPOINT));
    try {
      const result: unknown = work.apply(this, parameters);
      if (isPromise(result)) {
        throw new TypeError("Transaction function cannot return a promise");
      }
      isNested ? release() : control("COMMIT", () => transactions.commit());
      return result;
    } catch (error) {
      if (session.inTransaction) {
        if (isNested) {
          control(`ROLLBACK TO ${QUOTED_SAVEPOINT}`, () => transactions.rollbackTo(SAVEPOINT));
          release();
        } else {
          control("ROLLBACK", () => transactions.rollback());
        }
      }
      throw error;
    }
  };
}

function isPromise(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
