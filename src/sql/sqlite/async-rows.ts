/**
 * Rows for `for await`, which lets the event loop turn: after a few milliseconds of work the next row waits for a turn.
 *
 * They are of a snapshot, and the connection may be used meanwhile, for writes, too. Work that comes before the first row (a
 * sort, a grouping) is done in one go.
 */
import { nextTurn } from "../../clock.ts";
import { toSqliteError } from "./error-code.ts";
import type { ConnectionState } from "./state.ts";

const SLICE_MS = 4;
/** Rows between two looks at the time. */
const ROWS_A_LOOK = 64;

export async function* asyncRows<Row>(
  state: ConnectionState,
  rows: Iterator<unknown, void, undefined>,
  make: (row: unknown) => Row,
): AsyncGenerator<Row, void, undefined> {
  const { clock } = state;
  let sliceEnd = clock.now() + SLICE_MS;
  try {
    for (let count = 1; ; count++) {
      if (count % ROWS_A_LOOK === 0 && clock.now() >= sliceEnd) {
        await nextTurn();
        sliceEnd = clock.now() + SLICE_MS;
      }
      state.requireOpen();
      const { done, value } = next(state, rows);
      if (done === true) {
        return;
      }
      yield make(value);
    }
  } finally {
    rows.return?.();
  }
}

function next(state: ConnectionState, rows: Iterator<unknown, void, undefined>): IteratorResult<unknown, void> {
  state.requireNotBusy();
  state.isBusy = true;
  try {
    return rows.next();
  } catch (error) {
    throw toSqliteError(error);
  } finally {
    state.isBusy = false;
  }
}
