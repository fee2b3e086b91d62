import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CsvParser, type CsvRow, MAX_RECORD_LENGTH } from "../../src/cli/import/csv.ts";
import { detectDelimiter } from "../../src/cli/import/delimiter.ts";

function parse(pieces: readonly string[], delimiter = ","): CsvRow[] {
  const parser = new CsvParser({ name: "t.csv", delimiter });
  const rows: CsvRow[] = [];
  for (const piece of pieces) {
    parser.push(piece, rows);
  }
  parser.end(rows);
  return rows;
}

/** `text` cut at the given places, wherever these fall. */
function cut(text: string, places: readonly number[]): string[] {
  const sorted = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  const pieces: string[] = [];
  let from = 0;
  for (const place of [...sorted, text.length]) {
    pieces.push(text.slice(from, place));
    from = place;
  }
  return pieces;
}

describe("CSV records", () => {
  it("ends records with LF, CR LF or CR, the last one optionally", () => {
    const rows = [
      ["a", "b"],
      ["1", "2"],
    ];
    for (const end of ["\n", "\r\n", "\r"]) {
      expect(parse([`a,b${end}1,2${end}`])).toEqual(rows);
      expect(parse([`a,b${end}1,2`])).toEqual(rows);
    }
  });

  it("tells an empty field from an empty string", () => {
    expect(parse(['a,b,c\n,"",x\n,,\n'])).toEqual([
      ["a", "b", "c"],
      [null, "", "x"],
      [null, null, null],
    ]);
  });

  it("keeps delimiters, quotes and line ends within quotes", () => {
    expect(parse(['"a,b","say ""hi""","two\r\nlines"\n'])).toEqual([["a,b", 'say "hi"', "two\r\nlines"]]);
  });

  it("keeps a quote within an unquoted field as it is", () => {
    expect(parse(["5' 11\",x\n"])).toEqual([["5' 11\"", "x"]]);
  });

  it("skips blank lines, except in a file of one column", () => {
    expect(parse(["a,b\n\n1,2\n\n"])).toEqual([
      ["a", "b"],
      ["1", "2"],
    ]);
    expect(parse(["a\n\n1\n"])).toEqual([["a"], [null], ["1"]]);
  });

  it("reads one record that comes in very many pieces in linear time", () => {
    const field = "x".repeat(1_000_000);
    const pieces = cut(
      `"${field}",1\n`,
      Array.from({ length: 10_000 }, (_, index) => index * 100),
    );
    expect(parse(pieces)).toEqual([[field, "1"]]);
  });
});

describe("CSV errors", () => {
  it("names the line of a record with too few or too many fields", () => {
    expect(() => parse(['a,b\n1,"x\ny"\n3\n'])).toThrow("t.csv, line 4: 1 field where the first record has 2");
    expect(() => parse(["a,b\n1,2,3\n"])).toThrow("t.csv, line 2: 3 fields where the first record has 2");
  });

  it("counts blank lines", () => {
    expect(() => parse(["a,b\n\n\n1\n"])).toThrow("line 4:");
  });

  it("refuses text after a closing quote", () => {
    expect(() => parse(['a,b\n"x"y,2\n'])).toThrow('t.csv, line 2: "y,2\\n" follows a closing quote');
  });

  it("says where a quote was opened that is never closed", () => {
    expect(() => parse(['a,b\n1,"x\n2,y\n'])).toThrow(
      "t.csv, line 2: a quote in the record that starts here is never closed",
    );
  });

  it("gives up on a record beyond the limit instead of reading the file into memory", () => {
    const parser = new CsvParser({ name: "t.csv", delimiter: "," });
    const chunk = "y".repeat(1024 * 1024);
    const rows: CsvRow[] = [];
    parser.push('a,b\n1,"', rows);
    const pushMuch = (): void => {
      for (let pushed = 0; pushed <= 2 * MAX_RECORD_LENGTH; pushed += chunk.length) {
        parser.push(chunk, rows);
      }
    };
    expect(pushMuch).toThrow("t.csv, line 2: a record of more than 16777216 characters starts here");
  });

  it("refuses a delimiter that is none", () => {
    for (const delimiter of ["", '"', "\n", ",,"]) {
      expect(() => parse(["a"], delimiter)).toThrow("a delimiter is one character");
    }
  });
});

describe("CSV against a model", () => {
  const field = fc.oneof(
    fc.constant(null),
    fc.string({ unit: fc.constantFrom("a", "1", ",", ";", '"', "\n", "\r", " ", "é", "😀"), maxLength: 6 }),
  );
  const table = fc
    .integer({ min: 2, max: 4 })
    .chain((width) =>
      fc.array(fc.array(field, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }),
    );

  /** Writes a field quoted where it must be, and now and then where it need not. */
  function encode(value: string | null, delimiter: string, isQuoted: boolean): string {
    if (value === null) {
      return "";
    }
    const mustQuote = value === "" || /["\r\n]/.test(value) || value.includes(delimiter);
    return mustQuote || isQuoted ? `"${value.replaceAll('"', '""')}"` : value;
  }

  it("reads back what was written, however it is cut into pieces", () => {
    fc.assert(
      fc.property(
        table,
        fc.constantFrom(",", ";", "\t", "|"),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.boolean(),
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 8 }),
        (rows, delimiter, lineEnd, isQuoted, hasLastEnd, places) => {
          const lines = rows.map((row) => row.map((value) => encode(value, delimiter, isQuoted)).join(delimiter));
          const text = lines.join(lineEnd) + (hasLastEnd ? lineEnd : "");
          expect(parse(cut(text, places), delimiter)).toEqual(rows);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("gives rows or a DbError for any text, the same however it is cut", () => {
    const noise = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r"), maxLength: 30 });
    const outcome = (pieces: readonly string[]): unknown => {
      try {
        return parse(pieces);
      } catch (error) {
        return (error as Error).message.replace(/"[^"]*(\\"[^"]*)*" follows/, "… follows");
      }
    };
    fc.assert(
      fc.property(noise, fc.array(fc.nat(), { maxLength: 6 }), (text, places) => {
        expect(outcome(cut(text, places))).toEqual(outcome([text]));
      }),
      { numRuns: 3000 },
    );
  });
});

describe("the delimiter", () => {
  it("is the one under which the records agree", () => {
    expect(detectDelimiter("a,b\n1,2\n", true)).toBe(",");
    expect(detectDelimiter("a;b\n1,5;2,5\n", true)).toBe(";");
    expect(detectDelimiter("a\tb, c\n1\t2\n", true)).toBe("\t");
    expect(detectDelimiter("a|b\n1|2\n3|4", false)).toBe("|");
  });

  it("is a comma where nothing tells", () => {
    expect(detectDelimiter("", true)).toBe(",");
    expect(detectDelimiter("a\n1\n", true)).toBe(",");
  });

  it("is found although a later record is ragged", () => {
    expect(detectDelimiter("a;b\n1;2\n3\n", true)).toBe(";");
  });
});
