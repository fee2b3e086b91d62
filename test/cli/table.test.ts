import { describe, expect, it } from "vitest";
import type { SqlValue } from "../../src/cli/database.ts";
import { COLOURED, PLAIN } from "../../src/cli/style.ts";
import { SAMPLE_ROWS, Table } from "../../src/cli/table.ts";
import { cutToWidth, displayWidth, padToWidth, printable } from "../../src/cli/width.ts";

function table(titles: string[], rows: SqlValue[][], width?: number, style = PLAIN): string {
  let text = "";
  const drawn = new Table(titles, { width, style, write: (piece) => (text += piece) });
  for (const row of rows) {
    drawn.add(row);
  }
  drawn.end();
  return text;
}

function drawing(text: string): string {
  const lines = text.split("\n").slice(1, -1);
  const indent = lines[0]!.search(/\S/);
  return lines.map((line) => `${line.slice(indent)}\n`).join("");
}

describe("a table", () => {
  it("aligns numbers to the right and text to the left", () => {
    const rows = [
      ["Oslo", 709_037, 59.91],
      ["Å", 1, null],
    ];
    expect(table(["city", "people", "latitude"], rows)).toBe(
      drawing(`
        ┌──────┬────────┬──────────┐
        │ city │ people │ latitude │
        ├──────┼────────┼──────────┤
        │ Oslo │ 709037 │    59.91 │
        │ Å    │      1 │     NULL │
        └──────┴────────┴──────────┘
      `),
    );
  });

  it("shows its titles where there are no rows", () => {
    expect(table(["a", "bc"], [])).toBe(
      drawing(`
        ┌───┬────┐
        │ a │ bc │
        ├───┼────┤
        └───┴────┘
      `),
    );
  });

  it("cuts the widest columns of text to fit, and no numbers", () => {
    const rows = [["short", "a text of some length", "another text that is a good deal longer", 1234567890123]];
    expect(table(["k", "one", "two", "number"], rows, 59)).toBe(
      drawing(`
        ┌───────┬────────────────┬────────────────┬───────────────┐
        │ k     │ one            │ two            │        number │
        ├───────┼────────────────┼────────────────┼───────────────┤
        │ short │ a text of som… │ another text … │ 1234567890123 │
        └───────┴────────────────┴────────────────┴───────────────┘
      `),
    );
  });

  it("leaves out the last columns where even narrow ones do not fit", () => {
    const titles = ["alpha", "beta", "gamma", "delta", "epsilon"];
    const text = table(titles, [["aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc", "d", "e"]], 34);
    expect(text).toBe(
      drawing(`
        ┌──────────┬──────────┬──────────┐
        │ alpha    │ beta     │ gamma    │
        ├──────────┼──────────┼──────────┤
        │ aaaaaaa… │ bbbbbbb… │ ccccccc… │
        └──────────┴──────────┴──────────┘
        not shown, for lack of width: delta, epsilon (.mode json has them all)
      `),
    );
  });

  it("measures what is shown, not its code units", () => {
    const rows = [["東京"], ["e\u0301te\u0301"], ["👨‍👩‍👧"], ["🇳🇴 ☕️"], ["x"]];
    const lines = table(["name"], rows).trimEnd().split("\n");
    expect(new Set(lines.map(displayWidth))).toEqual(new Set([9]));
  });

  it("shows control characters instead of obeying them", () => {
    expect(table(["a\nb"], [["two\nlines\t\x1b[31m"], [new Uint8Array([0, 255])]])).toContain("│ two␊lines␉␛[31m │");
  });

  it("streams beyond the sample, with the widths of the sample", () => {
    const rows: SqlValue[][] = Array.from({ length: SAMPLE_ROWS }, () => ["abc"]);
    rows.push(["a longer one"]);
    expect(table(["n"], rows).split("\n").at(-3)).toBe("│ a longer one │");
    expect(table(["n"], rows, 40).split("\n").at(-3)).toBe("│ a … │");
  });

  it("dims NULL and the frame where there are colours", () => {
    const text = table(["a"], [[null], ["NULL"]], undefined, COLOURED);
    expect(text).toContain(" \x1b[2mNULL\x1b[22m ");
    expect(text).toContain(" NULL ");
    expect(text).toContain(" \x1b[1ma   \x1b[22m ");
  });

  it("never exceeds its width, however narrow", () => {
    for (let width = 8; width < 60; width++) {
      const text = table(["first column", "n", "third"], [["some text here", 12, "and some more of it"]], width);
      for (const line of text.split("\n").slice(0, 5)) {
        expect(displayWidth(line)).toBeLessThanOrEqual(Math.max(width, 12));
      }
    }
  });
});

describe("width", () => {
  it.each([
    ["", 0],
    ["abc", 3],
    ["é", 1],
    ["e\u0301", 1],
    ["日本", 4],
    ["ﾊﾝｶｸ", 4],
    ["한글", 4],
    ["Ａ", 2],
    ["👍🏽", 2],
    ["❤️", 2],
    ["❤", 1],
    ["1️⃣", 2],
    ["🇳🇴", 2],
    ["\u200b", 0],
    ["العربية", 7],
    ["नि", 1],
  ])("of %j is %i", (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });

  it("is kept when a text is cut", () => {
    expect(cutToWidth("abcdef", 6)).toBe("abcdef");
    expect(cutToWidth("abcdef", 5)).toBe("abcd…");
    expect(cutToWidth("日本語", 5)).toBe("日本…");
    expect(cutToWidth("日本語", 4)).toBe("日…");
    expect(cutToWidth("abc", 1)).toBe("…");
    expect(cutToWidth("abc", 0)).toBe("");
    expect(padToWidth("日", 4, "right")).toBe("  日");
  });

  it("can rely on printable text", () => {
    expect(printable("a\u202eb\u2028\x7f\ud800")).toBe("a\ufffdb\ufffd␡\ufffd");
    expect(printable("😀 ok")).toBe("😀 ok");
  });
});
