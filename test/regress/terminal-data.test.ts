/** Names and values of a database reach a terminal in every mode of the shell: none of them may act on it. */
import { describe, expect, it } from "vitest";
import { runNacre } from "../../src/cli/main.ts";
import { capture } from "../cli/capture.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const HOSTILE = "\u001b]0;title\u0007\u009b31m\u202erev\b\r";
/** What is left of the output when the shell's own bold and dim are taken away. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const ACTS = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/;
const CREATE = `create table "t${HOSTILE}" ("c${HOSTILE}" integer primary key, v text)`;
const INSERT = `insert into "t${HOSTILE}" values (1, '${HOSTILE}')`;
const SELECT = `select * from "t${HOSTILE}"`;

async function shell(path: string, columns: number | undefined, ...words: string[]) {
  const terminal = capture({ ...(columns === undefined ? {} : { columns }), variables: { NO_COLOR: "1" } });
  const code = await runNacre(["shell", path, ...words], terminal);
  return { code, output: terminal.output(), errors: terminal.errors() };
}

describe("a terminal", () => {
  it.each([["--box"], ["--csv"], ["--json"]])(
    "gets nothing of a cell or a name that acts on it with %s",
    async (mode) => {
      using directory = temporaryDirectory();
      const { code, output } = await shell(directory.path, 80, mode, "-c", CREATE, "-c", INSERT, "-c", SELECT);
      expect(code).toBe(0);
      expect(output).toContain("title");
      expect(output).not.toMatch(ACTS);
    },
  );

  it("gets nothing of a schema or an error that acts on it", async () => {
    using directory = temporaryDirectory();
    const described = await shell(directory.path, 80, "-c", CREATE, "-c", ".schema", "-c", ".tables");
    expect(described.output).toContain("CREATE TABLE");
    expect(described.output).not.toMatch(ACTS);
    const failed = await shell(directory.path, 80, "-c", INSERT, "-c", INSERT);
    expect(failed.code).toBe(1);
    expect(failed.errors).toContain("UNIQUE");
    expect(failed.errors).not.toMatch(ACTS);
  });
});

describe("a pipe", () => {
  it("gets every character of CSV and of a schema", async () => {
    using directory = temporaryDirectory();
    const { output } = await shell(
      directory.path,
      undefined,
      "--csv",
      "-c",
      CREATE,
      "-c",
      INSERT,
      "-c",
      SELECT,
      "-c",
      ".schema",
    );
    expect(output).toContain(`"c${HOSTILE}",v\n1,"${HOSTILE}"\nCREATE TABLE "t${HOSTILE}"`);
  });

  it("gets JSON that reads back as what it was", async () => {
    using directory = temporaryDirectory();
    const { output } = await shell(directory.path, undefined, "--json", "-c", CREATE, "-c", INSERT, "-c", SELECT);
    expect(JSON.parse(output)).toEqual([{ [`c${HOSTILE}`]: 1, v: HOSTILE }]);
    expect(output).not.toMatch(ACTS);
  });
});
