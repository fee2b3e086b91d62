import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { typeOfKinds } from "../../src/cli/import/columns.ts";
import { type JsonRow, JsonRowParser } from "../../src/cli/import/json.ts";

interface Parsed {
  readonly columns: readonly string[];
  readonly rows: JsonRow[];
  readonly kinds: readonly number[];
}

function parse(pieces: readonly string[]): Parsed {
  const parser = new JsonRowParser({ name: "t.json" });
  const rows: JsonRow[] = [];
  for (const piece of pieces) {
    parser.push(piece, rows);
  }
  parser.end(rows);
  return { columns: parser.columns, rows, kinds: parser.kinds };
}

function charactersOf(text: string): string[] {
  return Array.from({ length: text.length }, (_, index) => text.charAt(index));
}

describe("JSON rows", () => {
  it("reads an array of objects, and objects one after the other", () => {
    const rows = [
      [1, "x"],
      [2, null],
    ];
    expect(parse(['[{"a":1,"b":"x"},{"a":2,"b":null}]']).rows).toEqual(rows);
    expect(parse([' [\n {"a" : 1 , "b" : "x"} ,\n{"a":2}]\n ']).rows).toEqual(rows);
    expect(parse(['{"a":1,"b":"x"}\n{"b":null,"a":2}\n']).rows).toEqual(rows);
    expect(parse(['{"a":1,"b":"x"}{"a":2}']).rows.map((row) => row[0])).toEqual([1, 2]);
  });

  it("takes columns in the order in which they are first met", () => {
    const { columns, rows } = parse(['{"a":1}\n{"b":2}\n{"c":3,"a":4}\n']);
    expect(columns).toEqual(["a", "b", "c"]);
    expect(rows).toEqual([[1], [null, 2], [4, null, 3]]);
  });

  it("keeps integers exact that a number cannot hold", () => {
    expect(parse(['{"n":9007199254740993,"m":-9223372036854775808}']).rows).toEqual([
      [9007199254740993n, -9223372036854775808n],
    ]);
  });

  it("keeps the digits of integers beyond 64 bits, unless a real is written so", () => {
    const { rows, columns, kinds } = parse(['{"id":12345678901234567890,"r":12345678901234567000,"e":1e19}\n']);
    expect(rows).toEqual([["12345678901234567890", 12345678901234567000, 1e19]]);
    expect(columns.map((_, index) => typeOfKinds(kinds[index]!))).toEqual(["TEXT", "REAL", "REAL"]);
    const power = String(10n ** 22n);
    expect(parse([`[${[power, `-${power}`, `${power}1`].map((n) => `{"n":${n}}`).join(",")}]`]).rows).toEqual([
      [1e22],
      [-1e22],
      [`${power}1`],
    ]);
  });

  it("keeps nested values as their text, without white space", () => {
    const { rows } = parse(['{"a": {"b": [1, 12345678901234567890, "x  \\" y"]}, "c": []}']);
    expect(rows).toEqual([['{"b":[1,12345678901234567890,"x  \\" y"]}', "[]"]]);
  });

  it("tells reals by their text", () => {
    expect(parse(['[{"a":0,"b":0.0,"c":1e2,"d":true,"e":"5","f":null}]']).kinds).toEqual([1, 2, 2, 1, 4, 0]);
  });

  it("reads a field named like something of every object", () => {
    expect(parse(['{"__proto__":1,"constructor":2}']).columns).toEqual(["__proto__", "constructor"]);
  });

  it("has no rows in an empty file and an empty array", () => {
    expect(parse([""]).rows).toEqual([]);
    expect(parse(["[ ]"]).rows).toEqual([]);
    expect(parse(["[{},{}]"]).rows).toEqual([[], []]);
  });

  it("leaves out or refuses what is not known when the columns are frozen", () => {
    const read = (ignoreUnknown: boolean): JsonRow[] => {
      const parser = new JsonRowParser({ name: "t.json", ignoreUnknown });
      const rows: JsonRow[] = [];
      parser.push('{"a":1}\n', rows);
      parser.freezeColumns();
      parser.push('{"b":{"x":2},"a":3}\n', rows);
      parser.end(rows);
      return rows;
    };
    expect(read(true)).toEqual([[1], [3]]);
    expect(() => read(false)).toThrow('t.json, line 2: the field "b" is none of the columns');
  });
});

describe("JSON errors", () => {
  it.each([
    ["5", "line 1: expected an object"],
    ["[1]", "line 1: expected an object"],
    ["[[1]]", "line 1: expected an object"],
    ['[{"a":1},]', "line 1: expected an object"],
    ['[{"a":1}\n{"a":2}]', "line 2: expected a comma or the end of the array"],
    ['[{"a":1}]\n[', 'line 2: "[" follows the end of the array'],
    ['{"a":1},{"a":2}', "line 1: expected an object"],
    ['{"a":1,}', "line 1: expected the name of a field"],
    ["{a:1}", "line 1: expected the name of a field"],
    ['{"a" 1}', "line 1: expected a colon"],
    ['{"a":}', "line 1: expected a value"],
    ['{"a":nul}', "line 1: expected a value"],
    ['{"a":01}', "is no number"],
    ['{"a":1.}', "is no number"],
    ['{"a":-}', "is no number"],
    ['{"a":"x\ny"}', "control character"],
    ['{"a":"\\q"}', "is not valid JSON"],
    ['{"a":"\\ud83d"}', "half a surrogate pair"],
    ['{"\\ude00":1}', "half a surrogate pair"],
    ['{"a":[1,]}', "is not valid JSON"],
    ['{"a":[1}}', "is not valid JSON"],
    ['{"a":1}\n\n{"a"', "line 3: the file ends in the middle"],
    ['[{"a":1}', "line 1: the file ends in the middle"],
    ['{"a":tr', "line 1: the file ends in the middle"],
  ])("says what is wrong with %s", (text, message) => {
    expect(() => parse([text])).toThrow(message);
    expect(() => parse(charactersOf(text))).toThrow(message.replace(/found .*/, ""));
  });
});

describe("JSON against JSON.parse", () => {
  const scalar = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.maxSafeInteger(),
    fc.string({ unit: "binary", maxLength: 8 }),
  );
  const value = fc.oneof(scalar, fc.jsonValue({ maxDepth: 2 }));
  const name = fc.oneof(fc.constantFrom("a", "b", "c"), fc.string({ unit: "binary", maxLength: 4 }));
  const object = fc.dictionary(name, value, { maxKeys: 5, noNullPrototype: true });

  /** What the row holds for a value of JSON. */
  function expected(json: unknown): unknown {
    if (typeof json === "boolean") {
      return json ? 1 : 0;
    }
    return typeof json === "object" && json !== null ? JSON.stringify(json) : json;
  }

  it("reads the same, however the text is laid out and cut", () => {
    fc.assert(
      fc.property(
        fc.array(object, { maxLength: 5 }),
        fc.constantFrom(undefined, 1, "\t"),
        fc.boolean(),
        fc.integer({ min: 1, max: 40 }),
        (objects, indent, isArray, pieceLength) => {
          const text = isArray
            ? JSON.stringify(objects, undefined, indent)
            : objects.map((each) => JSON.stringify(each, undefined, indent)).join("\n");
          const pieces = text.match(new RegExp(`[^]{1,${pieceLength}}`, "g")) ?? [];
          const { columns, rows } = parse(pieces);
          const models = JSON.parse(`[${objects.map((each) => JSON.stringify(each)).join()}]`) as object[];
          expect(rows.length).toBe(models.length);
          for (const [index, model] of models.entries()) {
            const row = rows[index]!;
            for (const [column, columnName] of columns.entries()) {
              const has = Object.hasOwn(model, columnName);
              const wanted = has ? expected((model as Record<string, unknown>)[columnName]) : null;
              const actual = row[column] ?? null;
              expect(typeof actual === "bigint" ? Number(actual) : actual).toEqual(wanted === 0 ? 0 : wanted);
            }
          }
        },
      ),
      { numRuns: 1500 },
    );
  });
});
