/**
 * The words of SQLite's grammar, and which of them may still name a table or a column.
 *
 *   reserved   a name only inside quotes: SELECT, FROM, TABLE, …
 *   fallback   a keyword where the grammar takes one at that place, else an identifier: KEY, ASC, REPLACE, …
 *   join       LEFT, CROSS, INDEXED, …: a name, but no type, no collation and no alias without AS (it would begin a join)
 *   context    WINDOW, OVER, FILTER: the tokenizer tells whether they are keywords, and makes them names if not
 *
 * The list is that of SQLite's `parse.y` (`%fallback ID`, `JOIN_KW`) and `mkkeywordhash.c`, version 3.53.
 */
export type KeywordClass = "reserved" | "fallback" | "join" | "context";

const RESERVED = `ADD ALL ALTER AND AS AUTOINCREMENT BETWEEN CASE CHECK COLLATE COMMIT CONSTRAINT CREATE DEFAULT
  DEFERRABLE DELETE DISTINCT DROP ELSE ESCAPE EXCEPT EXISTS FOREIGN FROM GROUP HAVING IN INDEX INSERT INTERSECT INTO IS
  ISNULL JOIN LIMIT NOT NOTHING NOTNULL NULL ON OR ORDER PRIMARY REFERENCES RETURNING SELECT SET TABLE THEN TO
  TRANSACTION UNION UNIQUE UPDATE USING VALUES WHEN WHERE`;

const FALLBACK = `ABORT ACTION AFTER ALWAYS ANALYZE ASC ATTACH BEFORE BEGIN BY CASCADE CAST COLUMN CONFLICT CURRENT
  CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP DATABASE DEFERRED DESC DETACH DO EACH END EXCLUDE EXCLUSIVE EXPLAIN FAIL
  FIRST FOLLOWING FOR GENERATED GLOB GROUPS IF IGNORE IMMEDIATE INITIALLY INSTEAD KEY LAST LIKE MATCH
  MATERIALIZED NO NULLS OF OFFSET OTHERS PARTITION PLAN PRAGMA PRECEDING QUERY RAISE RANGE RECURSIVE REGEXP REINDEX
  RELEASE RENAME REPLACE RESTRICT ROLLBACK ROW ROWS SAVEPOINT TEMP TEMPORARY TIES TRIGGER UNBOUNDED VACUUM VIEW VIRTUAL
  WITH WITHOUT`;

const JOIN = "CROSS FULL INDEXED INNER LEFT NATURAL OUTER RIGHT";

const CONTEXT = "FILTER OVER WINDOW";

const classes = new Map<string, KeywordClass>();
for (const [words, keywordClass] of [
  [RESERVED, "reserved"],
  [FALLBACK, "fallback"],
  [JOIN, "join"],
  [CONTEXT, "context"],
] as const) {
  for (const word of words.split(/\s+/)) {
    classes.set(word, keywordClass);
  }
}

const LONGEST_KEYWORD = "CURRENT_TIMESTAMP".length;

/** Keywords by their length and their first and last letters; most names are none by that alone. */
const byShape: (readonly string[] | undefined)[] = new Array((LONGEST_KEYWORD + 1) * 32 * 32).fill(undefined);
for (const word of classes.keys()) {
  const shape = shapeOf(word, 0, word.length);
  byShape[shape] = [...(byShape[shape] ?? []), word];
}

function shapeOf(text: string, start: number, end: number): number {
  const first = text.charCodeAt(start) & 31;
  const last = text.charCodeAt(end - 1) & 31;
  return ((end - start) * 32 + first) * 32 + last;
}

/** The keyword that `text[start, end)` spells in any case, upper-cased; undefined for every other word. */
export function keywordAt(text: string, start: number, end: number): string | undefined {
  const likely = end - start > LONGEST_KEYWORD ? undefined : byShape[shapeOf(text, start, end)];
  if (likely !== undefined) {
    for (const keyword of likely) {
      if (isSpelled(keyword, text, start)) {
        return keyword;
      }
    }
  }
  return undefined;
}

/** Letters are told apart by their upper case; the underscore has none. */
function isSpelled(keyword: string, text: string, start: number): boolean {
  for (let i = 0; i < keyword.length; i++) {
    const code = text.charCodeAt(start + i);
    if ((code >= 97 && code <= 122 ? code - 32 : code) !== keyword.charCodeAt(i)) {
      return false;
    }
  }
  return true;
}

/** The class of a token kind; undefined where it is no keyword. */
export function keywordClass(kind: string): KeywordClass | undefined {
  return classes.get(kind);
}

/** Every keyword, for fuzzers and completion. */
export const KEYWORDS: readonly string[] = [...classes.keys()];
