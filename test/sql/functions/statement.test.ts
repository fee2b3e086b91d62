/** Functions and JSON operators in the clauses of statements over a table: rows as SQLite 3.53.2 gives them. */
import { describe, expect, test } from "vitest";
import { SqlSession } from "../../../src/sql/index.ts";
import { MemoryStore } from "../memory-store.ts";

const EVENTS = `CREATE TABLE event (id INTEGER PRIMARY KEY, name TEXT, n INTEGER, day TEXT, data TEXT, packed BLOB);
  INSERT INTO event VALUES
    (1, 'Ada', 5, '2024-02-29', '{"kind":"a","tags":["x","y"],"size":3}', jsonb('[1,2,3]')),
    (2, 'bob', -7, '2023-12-31 23:59:59', '{"kind":"b","tags":[],"size":2.5}', jsonb('{"a":{"b":1}}')),
    (3, NULL, 12, '2024-03-31', '[1,{"kind":"c"}]', NULL),
    (4, 'Ünal', 0, NULL, '{"kind":"a","tags":["z"]}', jsonb('"x"'))`;

function session(): SqlSession {
  const made = new SqlSession(new MemoryStore());
  made.exec(EVENTS);
  return made;
}

function rowsOf(sql: SqlSession, query: string): unknown {
  return sql.prepare(query).raw().all();
}

describe("queries", () => {
  const sql = session();
  test.each<[string, unknown[][]]>([
    ["SELECT id FROM event WHERE likely(n) = '5'", []],
    ["SELECT id FROM event WHERE n = '5' AND unlikely(name) = 'Ada'", [[1]]],
    ["SELECT id FROM event WHERE likelihood(n, 0.5) IN ('5', 12)", [[3]]],
    ["SELECT id FROM event WHERE data ->> 'kind' = 'a'", [[1], [4]]],
    [
      "SELECT id, data -> '$.tags' FROM event WHERE data -> 'tags' IS NOT NULL ORDER BY json_array_length(data, '$.tags') DESC, id",
      [
        [1, '["x","y"]'],
        [4, '["z"]'],
        [2, "[]"],
      ],
    ],
    ["SELECT id FROM event WHERE json_type(data) = 'array'", [[3]]],
    [
      "SELECT data ->> '$.kind' AS kind, count(*), sum(data ->> '$.size') FROM event GROUP BY kind ORDER BY kind",
      [
        [null, 1, null],
        ["a", 2, 3],
        ["b", 1, 2.5],
      ],
    ],
    [
      "SELECT json_array(id, data -> 'tags', name) FROM event ORDER BY id",
      [['[1,["x","y"],"Ada"]'], ['[2,[],"bob"]'], ["[3,null,null]"], ['[4,["z"],"Ünal"]']],
    ],
    [
      "SELECT json_object('name', name, 'data', json(data)) FROM event WHERE id = 2",
      [['{"name":"bob","data":{"kind":"b","tags":[],"size":2.5}}']],
    ],
    ["SELECT json_array(max(n), count(*), json_array(min(id))) FROM event", [["[12,4,[1]]"]]],
    [
      "SELECT id, json(packed), packed ->> '$.a.b', packed -> 0 FROM event ORDER BY id",
      [
        [1, "[1,2,3]", null, "1"],
        [2, '{"a":{"b":1}}', 1, null],
        [3, null, null, null],
        [4, '"x"', null, null],
      ],
    ],
    ["SELECT id FROM event WHERE date(day) >= '2024-01-01' ORDER BY day DESC", [[3], [1]]],
    [
      "SELECT strftime('%Y', day) AS year, count(*), max(n) FROM event GROUP BY year ORDER BY year",
      [
        [null, 1, 0],
        ["2023", 1, -7],
        ["2024", 2, 12],
      ],
    ],
    [
      "SELECT date(day, '+1 month'), unixepoch(day) FROM event ORDER BY julianday(day) DESC",
      [
        ["2024-05-01", 1711843200],
        ["2024-03-29", 1709164800],
        ["2024-01-31", 1704067199],
        [null, null],
      ],
    ],
    ["SELECT id FROM event WHERE day < CURRENT_TIMESTAMP AND CURRENT_DATE IS date('now')", [[1], [2], [3]]],
    ["SELECT strftime('%m', day) AS month FROM event WHERE month IN ('02', '03') ORDER BY 1", [["02"], ["03"]]],
    [
      "SELECT upper(name) AS big, length(name) FROM event ORDER BY big NULLS LAST",
      [
        ["ADA", 3],
        ["BOB", 3],
        ["ÜNAL", 4],
        [null, null],
      ],
    ],
    [
      "SELECT printf('%-5s|%+d', name, n) FROM event ORDER BY abs(n)",
      [["Ünal|+0"], ["Ada  |+5"], ["bob  |-7"], ["     |+12"]],
    ],
    ["SELECT DISTINCT sign(n) FROM event ORDER BY 1", [[-1], [0], [1]]],
    [
      "SELECT iif(n > 10, 'much', n > 0, 'some', 'none') AS how, count(*) FROM event GROUP BY how ORDER BY how",
      [
        ["much", 1],
        ["none", 2],
        ["some", 1],
      ],
    ],
    [
      "SELECT id, json_set(data, '$.size', n * 2, '$.more', json_array(name)) FROM event WHERE json_type(data) = 'object' ORDER BY id",
      [
        [1, '{"kind":"a","tags":["x","y"],"size":10,"more":["Ada"]}'],
        [2, '{"kind":"b","tags":[],"size":-14,"more":["bob"]}'],
        [4, '{"kind":"a","tags":["z"],"size":0,"more":["Ünal"]}'],
      ],
    ],
    [
      "SELECT CASE WHEN id % 2 THEN data -> 'kind' ELSE json_quote(name) END FROM event ORDER BY id",
      [['"a"'], ['"bob"'], [null], ['"Ünal"']],
    ],
    [
      "SELECT json_array(CASE WHEN id % 2 THEN data -> 'kind' ELSE name END) FROM event ORDER BY id",
      [['["a"]'], ['["bob"]'], ["[null]"], ['["Ünal"]']],
    ],
    ["SELECT typeof(random()), length(randomblob(8)) FROM event WHERE id = 1", [["integer", 8]]],
  ])("%s", (query, rows) => {
    expect(rowsOf(sql, query)).toEqual(rows);
  });
});

test("changes, one after the other", () => {
  const sql = session();
  const changes: readonly [string, string, unknown[][]][] = [
    [
      "UPDATE event SET data = json_set(data, '$.size', n, '$.tags[#]', upper(name)) WHERE data ->> 'kind' = 'a'",
      "SELECT id, data FROM event ORDER BY id",
      [
        [1, '{"kind":"a","tags":["x","y","ADA"],"size":5}'],
        [2, '{"kind":"b","tags":[],"size":2.5}'],
        [3, '[1,{"kind":"c"}]'],
        [4, '{"kind":"a","tags":["z","ÜNAL"],"size":0}'],
      ],
    ],
    [
      "UPDATE event SET packed = jsonb_insert(packed, '$[#]', jsonb(data)) WHERE json_type(packed) = 'array'",
      "SELECT id, json(packed) FROM event ORDER BY id",
      [
        [1, '[1,2,3,{"kind":"a","tags":["x","y","ADA"],"size":5}]'],
        [2, '{"a":{"b":1}}'],
        [3, null],
        [4, '"x"'],
      ],
    ],
    [
      "UPDATE event SET day = date(day, 'start of month', '+1 month', '-1 day'), n = unixepoch(day) WHERE day IS NOT NULL",
      "SELECT id, day, n FROM event ORDER BY id",
      [
        [1, "2024-02-29", 1709164800],
        [2, "2023-12-31", 1704067199],
        [3, "2024-03-31", 1711843200],
        [4, null, 0],
      ],
    ],
    [
      "DELETE FROM event WHERE json_array_length(data, '$.tags') = 0",
      "SELECT id, changes() FROM event ORDER BY id",
      [
        [1, 1],
        [3, 1],
        [4, 1],
      ],
    ],
    [
      "INSERT INTO event (name, data) VALUES (lower('CYD'), json_array(last_insert_rowid(), json('{\"a\" : 1}')))",
      "SELECT id, name, data, last_insert_rowid(), total_changes() FROM event WHERE name = 'cyd'",
      [[5, "cyd", '[4,{"a":1}]', 5, 12]],
    ],
  ];
  for (const [change, query, rows] of changes) {
    sql.exec(change);
    expect(rowsOf(sql, query), change).toEqual(rows);
  }
});

test("columns by default: the time, and JSON", () => {
  const sql = session();
  sql.exec(`CREATE TABLE note (id INTEGER PRIMARY KEY, at TEXT DEFAULT CURRENT_TIMESTAMP, tags DEFAULT (json_array('new')));
    INSERT INTO note DEFAULT VALUES`);
  expect(rowsOf(sql, "SELECT at GLOB '????-??-?? ??:??:??', tags -> 0 FROM note")).toEqual([[1, '"new"']]);
});
