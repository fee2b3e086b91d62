/** LIKE and GLOB as functions: the pattern first, then the text. Both end at a NUL character. */
import { DbError } from "../../../errors.ts";
import { isGlob, isLike, refuseLongPattern } from "../like.ts";
import {
  answerInteger,
  answerNull,
  BLOB,
  INTEGER,
  NULL,
  NULLABLE,
  type SqlValue,
  type Tag,
  typeSet,
} from "../value.ts";
import { stringOf } from "./argument.ts";
import { codePointCount } from "./code-points.ts";
import { pure, type ScalarFunction } from "./scalar-function.ts";

function like(
  patternTag: Tag,
  pattern: SqlValue,
  tag: Tag,
  value: SqlValue,
  escapeTag?: Tag,
  escaping?: SqlValue,
): void {
  answerLike(true, patternTag, pattern, tag, value, escapeTag, escaping);
}

function likeOfCase(
  patternTag: Tag,
  pattern: SqlValue,
  tag: Tag,
  value: SqlValue,
  escapeTag?: Tag,
  escaping?: SqlValue,
): void {
  answerLike(false, patternTag, pattern, tag, value, escapeTag, escaping);
}

function answerLike(
  foldsCase: boolean,
  patternTag: Tag,
  pattern: SqlValue,
  tag: Tag,
  value: SqlValue,
  escapeTag?: Tag,
  escaping?: SqlValue,
): void {
  if (patternTag === BLOB || tag === BLOB) {
    answerInteger(0);
    return;
  }
  const text = patternTag === NULL ? undefined : stringOf(patternTag, pattern);
  if (text !== undefined) {
    refuseLongPattern(text);
  }
  if (escapeTag === NULL) {
    answerNull();
    return;
  }
  const character = escapeTag === undefined ? undefined : stringOf(escapeTag, escaping!);
  if (character !== undefined && codePointCount(character) !== 1) {
    throw new DbError("INVALID", "ESCAPE expression must be a single character");
  }
  if (text === undefined || tag === NULL) {
    answerNull();
  } else {
    answerInteger(isLike(stringOf(tag, value), text, character, foldsCase) ? 1 : 0);
  }
}

function glob(patternTag: Tag, pattern: SqlValue, tag: Tag, value: SqlValue): void {
  if (patternTag === BLOB || tag === BLOB) {
    answerInteger(0);
  } else if (patternTag === NULL || tag === NULL) {
    answerNull();
  } else {
    answerInteger(isGlob(stringOf(tag, value), stringOf(patternTag, pattern)) ? 1 : 0);
  }
}

const TRUTH_OR_NULL = typeSet(INTEGER) | NULLABLE;

/** LIKE with PRAGMA case_sensitive_like. */
export const LIKE_OF_CASE: ScalarFunction = pure("like", 2, 3, TRUTH_OR_NULL, likeOfCase);

/** There is none but what a virtual table brings along. */
function match(): never {
  throw new DbError("INVALID", "unable to use function MATCH in the requested context");
}

export const PATTERN_FUNCTIONS: readonly ScalarFunction[] = [
  pure("match", 2, 2, NULLABLE, match),
  pure("glob", 2, 2, TRUTH_OR_NULL, glob),
  pure("like", 2, 3, TRUTH_OR_NULL, like),
];
