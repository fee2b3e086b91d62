/** Savepoints as numbers: which of them hold, and which do not any more. */
import { expect, test } from "vitest";
import { DbError } from "../../src/errors.ts";
import { Savepoints } from "../../src/mvcc/savepoints.ts";

test("going back keeps a savepoint, and ends those behind it", () => {
  const savepoints = new Savepoints();
  const first = savepoints.add(10);
  const second = savepoints.add(20);
  expect(savepoints.goBackTo(first)).toBe(10);
  expect(savepoints.goBackTo(first)).toBe(10);
  expect(() => savepoints.goBackTo(second)).toThrow(DbError);
});

test("releasing ends a savepoint and those behind it, and none before it", () => {
  const savepoints = new Savepoints();
  const first = savepoints.add(10);
  const second = savepoints.add(20);
  const third = savepoints.add(30);
  savepoints.release(second);
  expect(() => savepoints.goBackTo(second)).toThrow(`there is no savepoint ${second}`);
  expect(() => savepoints.goBackTo(third)).toThrow(DbError);
  expect(savepoints.goBackTo(first)).toBe(10);
  savepoints.release(third);
  expect(savepoints.goBackTo(first)).toBe(10);
  savepoints.release(first);
  expect(() => savepoints.goBackTo(first)).toThrow(DbError);
  expect(savepoints.add(40)).toBeGreaterThan(third);
});
