/**
 * Which of SQLite's words may stand where: every keyword at every place that takes a name, as SQLite 3.53 answered. A
 * keyword is refused where the statement is a syntax error; what the names mean is not asked.
 */
import { expect, test } from "vitest";
import { parseStatement } from "../../../src/sql/parse/parser.ts";

/** Names only inside quotes. */
const RESERVED =
  words(`ADD ALL ALTER AND AS AUTOINCREMENT BETWEEN CASE CHECK COLLATE COMMIT CONSTRAINT CREATE DEFAULT DEFERRABLE DELETE
  DISTINCT DROP ELSE ESCAPE EXCEPT EXISTS FOREIGN FROM GROUP HAVING IN INDEX INSERT INTERSECT INTO IS ISNULL JOIN
  LIMIT NOT NOTHING NOTNULL NULL ON OR ORDER PRIMARY REFERENCES RETURNING SELECT SET TABLE THEN TO TRANSACTION UNION
  UNIQUE UPDATE USING VALUES WHEN WHERE`);

/** Identifiers wherever the grammar has no use for them. */
const FALLBACK =
  words(`ABORT ACTION AFTER ALWAYS ANALYZE ASC ATTACH BEFORE BEGIN BY CASCADE CAST COLUMN CONFLICT CURRENT CURRENT_DATE
  CURRENT_TIME CURRENT_TIMESTAMP DATABASE DEFERRED DESC DETACH DO EACH END EXCLUDE EXCLUSIVE EXPLAIN FAIL FILTER FIRST
  FOLLOWING FOR GENERATED GLOB GROUPS IF IGNORE IMMEDIATE INITIALLY INSTEAD KEY LAST LIKE MATCH MATERIALIZED NO NULLS
  OF OFFSET OTHERS OVER PARTITION PLAN PRAGMA PRECEDING QUERY RAISE RANGE RECURSIVE REGEXP REINDEX RELEASE RENAME
  REPLACE RESTRICT ROLLBACK ROW ROWS SAVEPOINT TEMP TEMPORARY TIES TRIGGER UNBOUNDED VACUUM VIEW VIRTUAL WINDOW WITH
  WITHOUT`);

/** Names, but not types, collations, or aliases without AS. */
const JOIN = words("CROSS FULL INDEXED INNER LEFT NATURAL OUTER RIGHT");

const KEYWORDS = [...RESERVED, ...FALLBACK, ...JOIN];

const identifiers: readonly string[] = FALLBACK;
const names: readonly string[] = [...FALLBACK, ...JOIN];

/** The place is `$`; of which words it takes all, which others it takes, which it does not take. */
const PLACES: readonly (readonly [string, readonly string[], string, string])[] = [
  ["select 1 $", identifiers, "ISNULL NOTNULL", "GLOB LIKE MATCH REGEXP"],
  ["select 1 as $", names, "", ""],
  ["select $ from t", names, "NULL", "CAST RAISE"],
  ["select $.a", names, "", "CAST CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP RAISE"],
  ["select t.$", names, "", ""],
  ["select $(1)", names, "ALL DISTINCT NOT", "CAST CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP RAISE"],
  ["select 1 collate $", identifiers, "", ""],
  ["select cast(1 as $)", identifiers, "", ""],
  ["select cast(1 as int $)", identifiers, "", ""],
  ["select f(1) over ($)", names, "", "GROUPS PARTITION RANGE ROWS"],
  ["select f(1) over $", names, "", "INDEXED FILTER"],
  ["select f($)", names, "ALL DISTINCT NULL", "CAST RAISE"],
  ["select ($)", names, "NULL", "CAST RAISE WITH"],
  ["select 1 in $", names, "", ""],
  ["select case $ when 1 then 2 end", names, "NULL", "CAST RAISE"],
  ["select 1 from $", names, "", ""],
  ["select 1 from main.$", names, "", ""],
  ["select 1 from t $", identifiers, "", ""],
  ["select 1 from t as $", names, "", ""],
  ["select 1 from (select 1) $", identifiers, "", ""],
  ["select 1 from t $ join u", names, "", "INDEXED OUTER"],
  ["with $ as (select 1) select 1", names, "", "RECURSIVE"],
  ["select f(1) over (rows $ preceding)", names, "NULL", "CAST CURRENT RAISE"],
  ["insert into $ values (1)", names, "", ""],
  ["insert into t as $ values (1)", names, "", ""],
  ["insert into t ($) values (1)", names, "", ""],
  ["update $ set a = 1", names, "", ""],
  ["update t set $ = 1", names, "", ""],
  ["delete from $", names, "", ""],
  ["create table $ (a)", names, "", "IF"],
  ["create table x ($)", names, "", ""],
  ["create table x (a $)", identifiers, "DEFERRABLE NULL UNIQUE", ""],
  ["create table x (a int $)", identifiers, "DEFERRABLE NULL UNIQUE", ""],
  ["create table x (a default $)", identifiers, "NULL INDEXED", ""],
  ["create table x (a collate $)", identifiers, "", ""],
  ["create table x (a constraint $)", names, "", ""],
  ["create table x (a references $)", names, "", ""],
  ["create index $ on t (a)", names, "", "IF"],
  ["create view $ as select 1", names, "", "IF"],
  ["create trigger $ delete on t begin select 1; end", names, "", "IF"],
  ["alter table t rename $ to x", names, "", "COLUMN"],
  ["alter table t add $", names, "", "COLUMN"],
  ["alter table t drop $", names, "", "COLUMN"],
  ["drop table $", names, "", "IF"],
  ["savepoint $", names, "", ""],
  ["release $", names, "", "SAVEPOINT"],
  ["begin transaction $", names, "", ""],
  ["vacuum $", names, "", ""],
  ["analyze $", names, "", ""],
  ["reindex $", names, "", ""],
  ["detach $", names, "NULL", "CAST DATABASE RAISE"],
  ["attach 'x' as $", names, "NULL", "CAST RAISE"],
];

test.each(PLACES)("%s", (place, kind, taken, refused) => {
  const expected = new Set([...kind, ...words(taken)]);
  for (const word of words(refused)) {
    expected.delete(word);
  }
  const accepted = KEYWORDS.filter((word) => isAccepted(place.replace("$", word)));
  expect(accepted).toEqual(KEYWORDS.filter((word) => expected.has(word)));
});

function isAccepted(text: string): boolean {
  try {
    parseStatement(text);
    return true;
  } catch {
    return false;
  }
}

function words(list: string): string[] {
  return list.split(/\s+/).filter((word) => word !== "");
}
