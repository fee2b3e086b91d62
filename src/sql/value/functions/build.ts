/** Functions that tell what is spoken here: SQLite's dialect, of which version, with which of its options. */
import { DbError } from "../../../errors.ts";
import {
  answerInteger,
  answerNull,
  answerText,
  INTEGER,
  NULL,
  NULLABLE,
  type SqlValue,
  type Tag,
  TEXT,
  typeSet,
} from "../value.ts";
import { stringOf, wholeArgument } from "./argument.ts";
import { pure, type ScalarFunction } from "./scalar-function.ts";

/** The SQLite whose answers nacre's are compared with. */
const DIALECT_VERSION = "3.53.2";
const DIALECT_SOURCE = "2026-06-03 19:12:13 d6e03d8c777cfa2d35e3b60d8ec3e0187f3e9f99d8e2ee9cac695fd6fcdf1a24";

/** Of the options of better-sqlite3's build those that show in the dialect and hold here. */
export const OPTIONS: readonly string[] = [
  "DQS=0",
  "ENABLE_MATH_FUNCTIONS",
  "LIKE_DOESNT_MATCH_BLOBS",
  "MAX_COLUMN=2000",
  "MAX_EXPR_DEPTH=1000",
  "MAX_FUNCTION_ARG=1000",
  "MAX_LENGTH=1000000000",
  "MAX_LIKE_PATTERN_LENGTH=50000",
  "MAX_VARIABLE_NUMBER=32766",
  "OMIT_SHARED_CACHE",
  "SOUNDEX",
];

function optionAt(tag: Tag, value: SqlValue): void {
  const option = OPTIONS[wholeArgument(tag, value)];
  option === undefined ? answerNull() : answerText(option);
}

/** By its name, with or without its value and `SQLITE_`. */
function isOptionUsed(tag: Tag, value: SqlValue): void {
  if (tag === NULL) {
    answerNull();
    return;
  }
  const name = stringOf(tag, value)
    .toUpperCase()
    .replace(/^SQLITE_/, "");
  answerInteger(OPTIONS.some((option) => option.startsWith(name) && !/^[\w$]/.test(option.slice(name.length))) ? 1 : 0);
}

function refuseExtension(): never {
  throw new DbError("UNSUPPORTED", "not authorized");
}

export const BUILD_FUNCTIONS: readonly ScalarFunction[] = [
  pure("load_extension", 1, 2, NULLABLE, refuseExtension),
  pure("sqlite_compileoption_get", 1, 1, typeSet(TEXT) | NULLABLE, optionAt),
  pure("sqlite_compileoption_used", 1, 1, typeSet(INTEGER) | NULLABLE, isOptionUsed),
  pure("sqlite_source_id", 0, 0, typeSet(TEXT), () => answerText(DIALECT_SOURCE)),
  pure("sqlite_version", 0, 0, typeSet(TEXT), () => answerText(DIALECT_VERSION)),
];
