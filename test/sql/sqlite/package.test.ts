/** nacre/sqlite as programs get it: by import and require, and with types that infer. */
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, expectTypeOf, it } from "vitest";
import Named, { Database, type SqliteError } from "../../../src/sqlite.ts";
import { checkoutRoot } from "../../support/source-tree.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

it("is the class itself to require, and the default of import", () => {
  using directory = temporaryDirectory();
  mkdirSync(join(directory.path, "node_modules"));
  symlinkSync(checkoutRoot(), join(directory.path, "node_modules/nacre"), "junction");
  writeFileSync(
    join(directory.path, "program.cjs"),
    `const Database = require("nacre/sqlite");
     const { SqliteError } = require("nacre/sqlite");
     const db = new Database(":memory:");
     console.log(db.prepare("SELECT 42").pluck().get(), SqliteError === Database.SqliteError);
     import("nacre/sqlite").then((m) => console.log(m.default === Database, m.Database === Database, m.SqliteError === SqliteError));`,
  );
  const printed = execFileSync(process.execPath, ["--no-warnings", "program.cjs"], {
    cwd: directory.path,
    encoding: "utf8",
  });
  expect(printed.trim().split("\n")).toEqual(["42 true", "true true true"]);
  expect(Named).toBe(Database);
});

it("ends with its program, open or not", () => {
  using directory = temporaryDirectory();
  const program = `
    import Database from ${JSON.stringify(join(checkoutRoot(), "dist/src/sqlite.js"))};
    const db = new Database(${JSON.stringify(join(directory.path, "app.db"))});
    db.exec("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    console.log("written");
  `;
  const run = (): string =>
    execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8", stdio: "pipe" });
  expect(run()).toBe("written\n");
  const db = new Database(join(directory.path, "app.db"));
  expect(db.prepare("SELECT a FROM t").all()).toEqual([{ a: 1 }]);
  db.close();
});

it("has types that infer", () => {
  const db: Named.Database = new Named(":memory:");
  db.exec("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)");
  const insert = db.prepare<[string]>("INSERT INTO users (name) VALUES (?)");
  expectTypeOf(insert.run).parameters.toEqualTypeOf<[string]>();
  expectTypeOf(insert.run("Ada")).toEqualTypeOf<Named.RunResult>();
  interface User {
    id: number;
    name: string;
  }
  const select: Named.Statement<[number], User> = db.prepare<[number], User>("SELECT * FROM users WHERE id = ?");
  expectTypeOf(select.get(1)).toEqualTypeOf<User | undefined>();
  expectTypeOf(select.all(1)).toEqualTypeOf<User[]>();
  expectTypeOf(select.iterate).returns.toExtend<IterableIterator<User>>();
  const named = db.prepare<{ id: number }, User>("SELECT * FROM users WHERE id = @id");
  expectTypeOf(named.get).parameters.toEqualTypeOf<[{ id: number }]>();
  expectTypeOf(db.prepare("SELECT 1").get()).toEqualTypeOf<unknown>();
  const rename = db.transaction((id: number, name: string) => `${id} ${name}`);
  expectTypeOf(rename).parameters.toEqualTypeOf<[number, string]>();
  expectTypeOf(rename.immediate(1, "Ada")).toEqualTypeOf<string>();
  expectTypeOf<SqliteError["code"]>().toEqualTypeOf<string>();
  expect([select.get(1), rename(1, "Ada")]).toEqual([{ id: 1, name: "Ada" }, "1 Ada"]);
});
