import { DbError, type DbErrorCode, type DbErrorFacts } from "../../src/errors.ts";
import type { Assignable, Equal, Expect, Not } from "./expect.ts";

export type ErrorCases = [
  Expect<Equal<DbError["code"], DbErrorCode>>,
  Expect<Equal<DbError["retryable"], boolean>>,
  Expect<Assignable<DbError, Error>>,
  // The union is closed: a program may switch over it and have the compiler say what it forgot.
  Expect<Not<Equal<DbErrorCode, string>>>,
  Expect<Not<Assignable<string, DbErrorCode>>>,
  Expect<Equal<DbErrorFacts[string], string | number | boolean | undefined>>,
];

new DbError("CORRUPT", "page 7 does not have the checksum that it was written with", { page: 7 });
// @ts-expect-error: no such code
new DbError("OOPS", "…");
// @ts-expect-error: facts are plain data, so that they can be logged
new DbError("IO", "…", { error: new Error("…") });
