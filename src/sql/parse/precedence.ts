/**
 * How tightly operators bind, exactly as in SQLite:
 *
 *   OR                                                        1   left
 *   AND                                                       2   left
 *   NOT x                                                     3   prefix
 *   = <> IS IN LIKE GLOB BETWEEN ISNULL NOTNULL  x NOT NULL   4   left
 *   < <= > >=                                                 5   left
 *   ESCAPE                                                    6
 *   & | << >>                                                 7   left, all four alike
 *   + -                                                       8   left
 *   * / %                                                     9   left
 *   || -> ->>                                                10   left
 *   COLLATE                                                  11   postfix
 *   ~x -x +x                                                 12   prefix
 *
 * So `1 = 2 < 3` is `1 = (2 < 3)` and `1 | 2 & 4` is `(1 | 2) & 4`. A prefix NOT takes its whole operand even to the
 * right of a tighter operator: `1 + NOT 2 = 2` is `1 + (NOT (2 = 2))`.
 */
export const OR = 1;
export const AND = 2;
export const NOT = 3;
export const EQUALITY = 4;
export const COMPARISON = 5;
export const BITS = 7;
export const SUM = 8;
export const PRODUCT = 9;
export const CONCATENATION = 10;
export const COLLATE = 11;
export const PREFIX = 12;

/** What each token binds with when it stands behind an operand. */
export const POWERS: ReadonlyMap<string, number> = new Map([
  ["OR", OR],
  ["AND", AND],
  ...["=", "<>", "IS", "IN", "LIKE", "GLOB", "REGEXP", "MATCH", "BETWEEN", "ISNULL", "NOTNULL", "NOT"].map(
    (word) => [word, EQUALITY] as const,
  ),
  ...["<", "<=", ">", ">="].map((word) => [word, COMPARISON] as const),
  ...["&", "|", "<<", ">>"].map((word) => [word, BITS] as const),
  ["+", SUM],
  ["-", SUM],
  ["*", PRODUCT],
  ["/", PRODUCT],
  ["%", PRODUCT],
  ["||", CONCATENATION],
  ["->", CONCATENATION],
  ["->>", CONCATENATION],
  ["COLLATE", COLLATE],
]);
