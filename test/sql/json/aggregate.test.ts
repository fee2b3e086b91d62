/** json_group_array and json_group_object, forwards and as a window that moves on. The texts are SQLite's. */
import { describe, expect, test } from "vitest";
import { type GroupState, JSON_AGGREGATES, type JsonAggregate } from "../../../src/sql/value/json/index.ts";
import { answered, type SqlValue, tagOf } from "../../../src/sql/value/value.ts";

function aggregate(name: string): JsonAggregate {
  return JSON_AGGREGATES.find((entry) => entry.name === name)!;
}

function step(entry: JsonAggregate, state: GroupState, ...values: SqlValue[]): void {
  const pairs = values.flatMap((value): unknown[] => [tagOf(value)!, value]);
  (entry.step as (state: GroupState, ...all: unknown[]) => void)(state, ...pairs);
}

function answerOf(entry: JsonAggregate, state: GroupState): SqlValue {
  entry.answer(state);
  const value = answered();
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
}

const VALUES: readonly SqlValue[] = [1, 2.5, null, 'a"b', "[1]", new Uint8Array([0x2b, 0x13, 0x31])];

describe("json_group_array", () => {
  test("of no rows is an empty array", () => {
    expect(answerOf(aggregate("json_group_array"), aggregate("json_group_array").begin())).toBe("[]");
    expect(answerOf(aggregate("jsonb_group_array"), aggregate("jsonb_group_array").begin())).toBe("0b");
  });

  test("holds values of all types; JSONB is JSON", () => {
    const entry = aggregate("json_group_array");
    const state = entry.begin();
    for (const value of VALUES) {
      step(entry, state, value);
    }
    expect(answerOf(entry, state)).toBe('[1,2.5,null,"a\\"b","[1]",[1]]');
    expect(answerOf(entry, state), "an answer leaves the state").toBe('[1,2.5,null,"a\\"b","[1]",[1]]');
  });

  test("as JSONB", () => {
    const entry = aggregate("jsonb_group_array");
    const state = entry.begin();
    step(entry, state, 1);
    step(entry, state, 'a"b');
    expect(answerOf(entry, state)).toBe("7b133148615c2262");
  });

  test("gives up its oldest rows", () => {
    const entry = aggregate("json_group_array");
    const state = entry.begin();
    const frames: SqlValue[] = [];
    for (let i = 0; i < 6; i++) {
      step(entry, state, i);
      if (i >= 2) {
        entry.inverse(state);
      }
      frames.push(answerOf(entry, state));
    }
    expect(frames).toEqual(["[0]", "[0,1]", "[1,2]", "[2,3]", "[3,4]", "[4,5]"]);
    entry.inverse(state);
    entry.inverse(state);
    expect(answerOf(entry, state)).toBe("[]");
    expect(state.length).toBe(0);
    expect(state.pieces.length).toBe(0);
  });

  test("refuses a blob that is no JSON", () => {
    const entry = aggregate("json_group_array");
    expect(() => step(entry, entry.begin(), new Uint8Array([0xff]))).toThrow("JSON cannot hold BLOB values");
  });
});

describe("json_group_object", () => {
  const rows: readonly (readonly [SqlValue, SqlValue])[] = [
    ["a", 1],
    [null, 2],
    ['q"', "x"],
    [5, null],
    ["a", "@"],
  ];

  test("leaves out rows without a label", () => {
    const entry = aggregate("json_group_object");
    const state = entry.begin();
    expect(answerOf(entry, state)).toBe("{}");
    for (const row of rows) {
      step(entry, state, ...row);
    }
    expect(answerOf(entry, state)).toBe('{"a":1,"q\\"":"x","5":null,"a":"@"}');
  });

  test("such a row still has its place in a window", () => {
    const entry = aggregate("json_group_object");
    const state = entry.begin();
    const frames: SqlValue[] = [];
    for (const [index, row] of rows.entries()) {
      step(entry, state, ...row);
      if (index >= 2) {
        entry.inverse(state);
      }
      frames.push(answerOf(entry, state));
    }
    expect(frames).toEqual(['{"a":1}', '{"a":1}', '{"q\\"":"x"}', '{"q\\"":"x","5":null}', '{"5":null,"a":"@"}']);
  });

  test("as JSONB", () => {
    const entry = aggregate("jsonb_group_object");
    const state = entry.begin();
    step(entry, state, "a", 1);
    expect(answerOf(entry, state)).toBe("4c17611331");
  });
});
