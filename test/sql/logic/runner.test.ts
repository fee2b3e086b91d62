/** The runner of the SQL logic test format: that it reads scripts as SQLite's own does, and sees what is wrong. */
import { describe, expect, test } from "vitest";
import { completed } from "./complete.ts";
import { type LogicEngine, LogicRefusal } from "./engine.ts";
import { linesOf, parseRecords } from "./parse.ts";
import { type LogicFailure, Play } from "./play.ts";
import { writtenValues } from "./values.ts";

/** Answers "SELECT 1, 2" with what stands there, and refuses "no". */
const engine: LogicEngine = {
  dialect: "sqlite",
  run(sql) {
    if (sql.startsWith("no")) {
      throw new LogicRefusal(sql);
    }
    if (sql.startsWith("broken")) {
      throw new TypeError(sql);
    }
  },
  query(sql) {
    this.run(sql);
    const rows = sql.replace("SELECT ", "").split("; ");
    const values = rows.map((row) => row.split(", ").map(Number));
    return { columns: values[0]!.length, rows: values };
  },
  close() {},
};

function played(script: string): { failures: LogicFailure[]; tally: Play["tally"] } {
  const failures: LogicFailure[] = [];
  const play = new Play(engine, (failure) => failures.push(failure));
  play.all(linesOf(script));
  return { failures, tally: play.tally };
}

describe("reading", () => {
  test("records, conditions, comments and answers", () => {
    const script = [
      "# at the top",
      "hash-threshold 3",
      "",
      "skipif mysql # with a remark",
      "onlyif SQLite",
      "statement error",
      "CREATE",
      "# in between",
      "TABLE t",
      "",
      " \t",
      "query IT rowsort label-1",
      "SELECT 1",
      "----",
      "1",
      "a",
      "",
      "halt",
      "",
      "statement ok",
      "SELECT 2",
    ].join("\r\n");
    expect([...parseRecords(linesOf(script))]).toEqual([
      { kind: "hash-threshold", line: 2, conditions: [], count: 3 },
      {
        kind: "statement",
        line: 6,
        conditions: [
          { word: "skipif", engine: "mysql" },
          { word: "onlyif", engine: "sqlite" },
        ],
        sql: "CREATE\nTABLE t",
        isError: true,
      },
      {
        kind: "query",
        line: 12,
        conditions: [],
        types: "IT",
        sort: "rowsort",
        label: "label-1",
        sql: "SELECT 1",
        answer: ["1", "a"],
        answerLines: [13, 16],
      },
      { kind: "halt", line: 18, conditions: [] },
      { kind: "statement", line: 20, conditions: [], sql: "SELECT 2", isError: false },
    ]);
  });

  test.each([
    "statement maybe\nx",
    "query\nx",
    "query X\nx",
    "query I upsort\nx",
    "what\nx",
    "hash-threshold\n",
    "skipif\nx",
  ])("refuses %j", (script) => {
    expect(() => [...parseRecords(linesOf(script))]).toThrow("line 1: ");
  });
});

test("values are written as SQLite's runner writes them", () => {
  const bytes = new Uint8Array([0x61, 0, 0xff]);
  const rows = [
    [null, "", "é\n", bytes],
    [1.99, "12ab", 4294967297n, "x"],
  ];
  expect(writtenValues({ types: "TTTT", sort: "nosort" }, [rows[0]!])).toEqual(["NULL", "(empty)", "@@@", "a@@"]);
  expect(writtenValues({ types: "IIII", sort: "nosort" }, [rows[1]!])).toEqual(["1", "12", "1", "0"]);
  expect(writtenValues({ types: "RRRR", sort: "nosort" }, [[-(2 ** 63), 2.5, "-1.25x", 1e22]])).toEqual([
    "-9223372036854776000.000",
    "2.500",
    "-1.250",
    "10000000000000000000000.000",
  ]);
  const pairs = [
    [9, 1],
    [10, 0],
  ];
  expect(writtenValues({ types: "II", sort: "rowsort" }, pairs)).toEqual(["10", "0", "9", "1"]);
  expect(writtenValues({ types: "II", sort: "valuesort" }, pairs)).toEqual(["0", "1", "10", "9"]);
});

describe("playing", () => {
  test("counts, skips and stops", () => {
    const script =
      "statement ok\nfine\n\nskipif sqlite\nstatement ok\nno\n\nonlyif mysql\nhalt\n\nhalt\n\nstatement ok\nno";
    expect(played(script)).toEqual({ failures: [], tally: { passed: 1, failed: 0, skipped: 2 } });
  });

  test.each([
    ["statement ok\nno", "LogicRefusal: no"],
    ["statement error\nfine", "it succeeded"],
    ["statement error\nbroken", "TypeError: broken"],
    ["query I\nno", "LogicRefusal: no"],
    ["query II\nSELECT 1", "1 columns, not 2"],
    ["query I\nSELECT 1\n----\n2", "value 1 of 1 is 1, not 2"],
    ["query I\nSELECT 1; 2\n----\n1", "value 2 of 1 is 2, not there"],
    ["query I\nSELECT 1\n----\n1\n2", "value 2 of 2 is missing, not 2"],
    ["query I\nSELECT 1", "value 1 of 0 is 1, not there"],
    [
      "query I nosort a\nSELECT 1\n----\n1\n\nquery I nosort a\nSELECT 2\n----\n2",
      "other values than the queries before",
    ],
    [
      "query I\nSELECT 1\n----\n2 values hashing to 6ddb4095eb719e2a9f0a3f95677d24e0",
      "value 1 of 1 is 1 values hashing to",
    ],
  ])("sees that %j does not hold", (script, message) => {
    const { failures } = played(script);
    expect(failures).toHaveLength(1);
    expect(failures[0]!.message).toContain(message);
  });

  test("a hash stands for many values", () => {
    // md5 of "1\n2\n"
    const script = "query I\nSELECT 1; 2\n----\n2 values hashing to 6ddb4095eb719e2a9f0a3f95677d24e0";
    expect(played(script).failures).toEqual([]);
  });
});

test("completing keeps all but the answers", () => {
  const script =
    "# why\nstatement error\nno\n\nquery I rowsort\nSELECT 2; 1\n----\n7\n\n\nskipif sqlite\nquery I\nSELECT 5\n";
  const whole =
    "# why\nstatement error\nno\n\nquery I rowsort\nSELECT 2; 1\n----\n1\n2\n\n\nskipif sqlite\nquery I\nSELECT 5\n";
  expect(completed(script, engine)).toBe(whole);
  expect(() => completed("statement ok\nno", engine)).toThrow("line 1: LogicRefusal: no");
});
