/** json_each, json_tree and their jsonb_ forms against what SQLite answered. */
import { describe, expect, test } from "vitest";
import { JSON_TABLE_COLUMNS, JsonTable } from "../../../src/sql/value/json/index.ts";
import { answer, answered, type SqlValue, TEXT, TYPE_NAMES, tagOf } from "../../../src/sql/value/value.ts";
import { answers, isFailure, shown, typed } from "./oracle-answers.ts";

function answeredText(): string {
  return shown(TYPE_NAMES[answer.tag]!, answered());
}

function rowsOf(table: JsonTable): string[][] {
  const rows: string[][] = [];
  while (table.next()) {
    expect(table.rowid).toBe(rows.length);
    rows.push(
      JSON_TABLE_COLUMNS.map((column) => {
        table.answerColumn(column);
        return answeredText();
      }),
    );
  }
  return rows;
}

function tableOf(name: string): JsonTable {
  return new JsonTable(name.endsWith("tree") ? "tree" : "each", name.startsWith("jsonb") ? "jsonb" : "text");
}

describe("rows", () => {
  test.each(answers.tables)("%s(%s, %s)", (name, json, path, rows) => {
    const table = tableOf(name);
    const openTable = (): void => table.open(tagOf(json)!, json, tagOf(path)!, path);
    if (isFailure(rows)) {
      expect(openTable).toThrow(rows.error);
    } else {
      openTable();
      expect(rowsOf(table)).toEqual(rows.map((row) => row.map(typed)));
    }
  });
});

test("a table is opened again, and other documents are read meanwhile", () => {
  const table = tableOf("json_each");
  const other = tableOf("json_each");
  const keys: SqlValue[] = [];
  for (const json of ['{"a":1,"b":2}', "[0,0,0]", "[]"]) {
    table.open(TEXT, json);
    while (table.next()) {
      other.open(TEXT, `[${"9,".repeat(300)}9]`);
      other.next();
      table.answerColumn("key");
      keys.push(answered());
    }
    expect(table.next()).toBe(false);
  }
  expect(keys).toEqual(["a", "b", 0, 1, 2]);
});

test("a value that is JSON is one as an argument, too", () => {
  const table = tableOf("json_each");
  table.open(TEXT, '[[1, 2],"[1,2]",0x10]');
  const found: string[] = [];
  while (table.next()) {
    table.answerNestedValue();
    found.push(answeredText());
  }
  expect(found).toEqual(["blob 4b13311332", "text [1,2]", "integer 16"]);
});

test("JSONB that does not end is malformed, not endless", () => {
  const table = tableOf("json_tree");
  table.open(tagOf(new Uint8Array([0x2b, 0x0b, 0x5b]))!, new Uint8Array([0x2b, 0x0b, 0x5b]));
  expect(() => rowsOf(table)).toThrow("malformed JSON");
});
