import { describe, expect, it } from "vitest";
import { StatementInput } from "../../src/cli/shell/input.ts";

function pieces(text: string): string[] {
  const input = new StatementInput();
  const found = text.split("\n").flatMap((line) => input.push(line));
  return [...found, ...input.end()].map((piece) => `${piece.line} ${piece.kind}: ${piece.text}`);
}

describe("statements", () => {
  it("end at a semicolon, wherever the lines end", () => {
    expect(pieces("select 1; select\n  2\n; select 3")).toEqual([
      "1 sql: select 1;",
      "1 sql: select\n  2\n;",
      "3 sql: select 3",
    ]);
  });

  it("do not end within quotes and comments", () => {
    const text = `select ';', ";", [;], \`;\`, 'it''s;' -- ;\n/* ; \n ; */ ;`;
    expect(pieces(text)).toEqual([`1 sql: ${text}`]);
  });

  it("are none where there are only comments and semicolons", () => {
    expect(pieces("-- nothing\n;;\n/* at\nall */ ;\n")).toEqual([]);
  });

  it("may be triggers", () => {
    const trigger = "CREATE TEMP TRIGGER t AFTER INSERT ON u BEGIN\n  DELETE FROM v; SELECT ';';\nEND;";
    expect(pieces(`${trigger} select 1;`)).toEqual([`1 sql: ${trigger}`, "3 sql: select 1;"]);
  });

  it("leave dot commands alone, which are lines", () => {
    expect(pieces(".tables\n  .mode json  \nselect 1\n.5;\n.help")).toEqual([
      "1 dot: .tables",
      "2 dot: .mode json",
      "3 sql: select 1\n.5;",
      "5 dot: .help",
    ]);
  });

  it("say what they wait for", () => {
    const input = new StatementInput();
    const awaited = (line: string): string => {
      input.push(line);
      return input.awaited;
    };
    expect(awaited("")).toBe("nothing");
    expect(awaited("select")).toBe("semicolon");
    expect(awaited("'a")).toBe("quote");
    expect(awaited("b' /* c")).toBe("comment");
    expect(awaited("*/ ;")).toBe("nothing");
    expect(awaited("/* only")).toBe("comment");
    input.clear();
    expect(input.awaited).toBe("nothing");
  });
});
