/**
 * What only a process of its own can show: pipes whose reader goes, signals, exit codes, locks, and a terminal.
 */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { vegaDataFile } from "./vega-data.ts";

const nacre = join(import.meta.dirname, "../../src/cli/main.js");
const directory = temporaryDirectory();
const big = join(directory.path, "big.nacre");
const ENTRIES = 20_000;

afterAll(() => directory[Symbol.dispose]());

/** Some megabytes of dump, more than a pipe holds. */
beforeAll(() => {
  const lines = ['{"nacre":"dump","version":1,"commit":1}'];
  lines.push('{"keyspace":"lines","engine":"btree","key":"string","value":"string"}');
  for (let index = 0; index < ENTRIES; index++) {
    lines.push(`{"k":"${String(index).padStart(6, "0")}","v":"${"text ".repeat(20)}"}`);
  }
  lines.push(`{"end":true,"keyspaces":1,"entries":${ENTRIES}}`);
  expect(run(["load", big], `${lines.join("\n")}\n`).status).toBe(0);
});

function run(words: readonly string[], input = ""): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [nacre, ...words], { input, encoding: "utf8", maxBuffer: 1 << 28 });
}

interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly errors: () => string;
  readonly exit: Promise<number | NodeJS.Signals | null>;
}

function start(words: readonly string[]): Started {
  const child = spawn(process.execPath, [nacre, ...words]);
  child.stdin.on("error", () => undefined); // it may have ended before it has read everything
  let errors = "";
  child.stderr.on("data", (text) => (errors += text));
  const exit = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.on("close", (code, signal) => resolve(code ?? signal));
  });
  return { child, errors: () => errors, exit };
}

/** Resolves with all that came, as soon as it holds `wanted`. */
function untilOutput({ child }: Started, wanted: RegExp): Promise<string> {
  let output = "";
  return new Promise((resolve, reject) => {
    child.stdout.on("data", (data) => {
      output += data;
      if (wanted.test(output)) {
        resolve(output);
      }
    });
    child.on("exit", () => reject(new Error(`the process ended before it had written ${wanted}, but ${output}`)));
  });
}

/** Resolves when the log of the database holds `text`. */
async function untilLogged(path: string, text: string): Promise<void> {
  for (;;) {
    const logs = existsSync(path) ? readdirSync(path).filter((name) => name.startsWith("wal.")) : [];
    if (logs.some((name) => readFileSync(join(path, name)).includes(text))) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe("a process", () => {
  it("ends quietly when its reader goes away", async () => {
    const dump = start(["dump", big]);
    await new Promise((resolve) => dump.child.stdout.once("data", resolve));
    dump.child.stdout.destroy();
    expect(await dump.exit).toBe(0);
    expect(dump.errors()).toBe("");
  });

  it("is stopped by Ctrl-C while a slow reader holds it back", async () => {
    const dump = start(["dump", big]);
    await new Promise((resolve) => dump.child.stdout.once("readable", resolve));
    await new Promise((resolve) => setTimeout(resolve, 100));
    dump.child.kill("SIGINT");
    await new Promise((resolve) => dump.child.once("exit", resolve));
    dump.child.stdout.resume();
    expect(await dump.exit).toBe(130);
    expect(dump.errors()).toBe("nacre: interrupted\n");
  });

  it("takes back a load that Ctrl-C ends, as far as it is not committed", async () => {
    const path = join(directory.path, "interrupted.nacre");
    const load = start(["load", path]);
    const lines = run(["dump", big]).stdout.split("\n");
    load.child.stdin.write(`${lines.slice(0, 12_000).join("\n")}\n`);
    await untilLogged(path, "009999");
    load.child.kill("SIGINT");
    expect(await load.exit).toBe(130);
    expect(load.errors()).toBe("nacre: interrupted\n");
    expect(run(["check", path]).status).toBe(0);
    const { maps } = JSON.parse(run(["stat", "--json", path]).stdout);
    expect(maps[0].entries).toBe(10_000);
  });

  it("says by its exit code how it ended", () => {
    expect(run(["check", big])).toMatchObject({ status: 0, stderr: "" });
    expect(run(["check", join(directory.path, "nowhere")])).toMatchObject({ status: 1, stdout: "" });
    expect(run(["check"])).toMatchObject({ status: 2, stdout: "" });
  });

  it("finds a damaged byte wherever it lies, with exit code 3", () => {
    const path = join(directory.path, "damaged.nacre");
    expect(run(["backup", big, path]).status).toBe(0);
    const file = join(path, "pages.000");
    const whole = readFileSync(file);
    for (const [page, name] of [
      [5, "map lines: "],
      [Math.floor(whole.length / 8192) - 4, ""],
    ] as const) {
      const bytes = Buffer.from(whole);
      bytes[page * 8192 + 500]! ^= 1;
      writeFileSync(file, bytes);
      const { status, stdout } = run(["check", path]);
      expect({ page, status, stdout }).toMatchObject({ page, status: 3 });
      expect(stdout).toContain(`page ${page} `);
      expect(stdout).toContain(name);
      expect(run(["dump", path]).status).toBe(3);
    }
  });

  it("recovers what a killed one left in the log, for readers too", async () => {
    const path = join(directory.path, "killed.nacre");
    const load = start(["load", path]);
    load.child.stdin.write('{"nacre":"dump","version":1,"commit":1}\n');
    load.child.stdin.write('{"keyspace":"a","engine":"btree","key":"string","value":"json"}\n');
    load.child.stdin.write(`{"k":"x","v":"once"}\n`.repeat(5000));
    await untilLogged(path, "once");
    load.child.kill("SIGKILL");
    expect(await load.exit).toBe("SIGKILL");
    expect(run(["dump", path]).stdout).toContain('{"k":"x","v":"once"}\n');
    expect(run(["check", path]).status).toBe(0);
    expect(run(["backup", path, join(directory.path, "killed-copy.nacre")])).toMatchObject({ status: 0, stderr: "" });
    expect(run(["dump", join(directory.path, "killed-copy.nacre")]).stdout).toContain('{"k":"x","v":"once"}\n');
  });
});

describe("a shell", () => {
  it("keeps others out while it is open, and says who it is", async () => {
    const path = join(directory.path, "locked.nacre");
    const shell = start(["shell", path]);
    const output = untilOutput(shell, /t\n/);
    shell.child.stdin.write("create table t (a);\n.tables\n");
    expect(await output).toBe("t\n");
    for (const other of [
      ["shell", path, "select 1"],
      ["dump", path],
      ["shell", "--read-only", path, ".tables"],
    ]) {
      const { status, stdout, stderr } = run(other);
      expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
      expect(stderr).toBe(
        `nacre: ${path} is open in process ${shell.child.pid}; ` +
          "use that handle, close it, or send your requests to that process\n",
      );
    }
    shell.child.stdin.end();
    expect(await shell.exit).toBe(0);
    expect(run(["shell", path, ".tables"])).toMatchObject({ status: 0, stdout: "t\n" });
  });

  it("stops an import that waits for more, and says what is there", async () => {
    const path = join(directory.path, "waiting.nacre");
    const shell = start(["shell", path, ".import --csv --delimiter , --progress-json --batch 100 - t"]);
    const output = untilOutput(shell, /"rows":1200/);
    shell.child.stdin.write(`a,b\n${"1,x\n".repeat(1250)}`);
    await output;
    shell.child.kill("SIGINT");
    expect(await shell.exit).toBe(130);
    expect(shell.errors()).toBe("nacre: interrupted; the 1,200 rows before it are in t\n");
    expect(run(["shell", "--csv", path, "select count(*) as n from t"]).stdout).toBe("n\n1200\n");
  });

  it("fails with 1 for a statement, with 2 for an option", () => {
    const path = join(directory.path, "codes.nacre");
    expect(run(["shell", path, "selekt 1"]).status).toBe(1);
    expect(run(["shell", path], "create table t (a);\nselect * from u;\n.tables\n")).toMatchObject({
      status: 1,
      stdout: "",
    });
    expect(run(["shell", "--nonsense", path]).status).toBe(2);
  });
});

/** util-linux's `script` gives a command a terminal; where it is not, these tests are not. */
const terminals = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux")
  ? ["script"]
  : [];

describe.each(terminals)("a shell in the terminal of %s", (script) => {
  it("prompts, draws, takes Ctrl-C and leaves with Ctrl-D", async () => {
    const path = join(directory.path, "terminal.nacre");
    // In place of the user's shell: some (dash) answer a Ctrl-C that was typed meanwhile with an exit code of their own.
    const command = `exec "${process.execPath}" "${nacre}" shell "${path}"`;
    const child = spawn(script, ["-qefc", command, "/dev/null"], {
      env: { ...process.env, TERM: "xterm", NO_COLOR: "1", XDG_STATE_HOME: join(directory.path, "state") },
    });
    const terminal: Started = {
      child,
      errors: () => "",
      exit: new Promise((resolve) => child.on("close", (code, signal) => resolve(code ?? signal))),
    };
    const type = async (keys: string, answer: RegExp): Promise<string> => {
      const output = untilOutput(terminal, answer);
      child.stdin.write(keys);
      return await output;
    };
    // Between a statement's end and the prompt Ctrl-C still is the end of the process, so each answer includes the prompt.
    expect(await untilOutput(terminal, /nacre> /)).toContain(`nacre, ${path}.`);
    await type("create table t (a, b);\n", /ok.*nacre> /s);
    await type("insert into t values (1, 'one'), (2, 'two');\n", /ok, 2 rows changed.*nacre> /s);
    expect(await type("select * from t;\n", /2 rows.*nacre> /s)).toContain("│ 2 │ two │");
    await type("select 'unfinished", /unfinished/);
    await type("\u0003", /\^C.*nacre> /s);
    await type(`.import '${vegaDataFile("flights-200k.json")}' flights\n`, /imported 200,000 rows.*nacre> /s);
    await type("select * from flights;\n", /│ +100 │/);
    await type("\u0003", /error: interrupted.*nacre> /s);
    // A statement that never gives way, and one that writes: neither leaves anything behind.
    for (const head of ["select count(*)", "insert into t select i, i"]) {
      const started = untilOutput(terminal, /from n;\s/);
      child.stdin.write(`with recursive n (i) as (select 1 union all select i + 1 from n) ${head} from n;\n`);
      await started;
      await type("\u0003", /error: interrupted.*nacre> /s);
    }
    expect(await type("select count(*) as n from t;\n", /1 row.*nacre> /s)).toContain("│ 2 │");
    expect(await type("select a,\nb from t where a = 1;\n", /1 row.*nacre> /s)).toContain("│ 1 │ one │");
    expect(await type("sel\t", /select/)).toContain("select");
    await type("\u0003", /\^C.*nacre> /s);
    const history = join(directory.path, "state/nacre/history");
    expect(statSync(history).mode & 0o777).toBe(0o600);
    expect(readFileSync(history, "utf8")).toMatch(/^create table t \(a, b\);\n.*\nselect a, b from t where a = 1;\n$/s);
    child.stdin.write("\u0004");
    expect(await terminal.exit).toBe(0);
  });
});
