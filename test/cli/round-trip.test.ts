/** A dump, loaded, is the same database: whatever is in it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databases } from "../../src/cli/databases.ts";
import { runNacre } from "../../src/cli/main.ts";
import { type CustomCodec, type Database, open } from "../../src/index.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { capture } from "./capture.ts";

const directory = temporaryDirectory();
const original = join(directory.path, "original.nacre");
const copy = join(directory.path, "copy.nacre");
const FAR_AHEAD = 32_503_680_000_000;

const date: CustomCodec<Date> = {
  encode: (day) => Buffer.from(day.toISOString()),
  decode: (bytes) => new Date(Buffer.from(bytes).toString()),
};

async function nacre(...words: string[]): Promise<string> {
  const surroundings = capture();
  const code = await runNacre(words, surroundings, databases);
  expect({ code, errors: code === 0 ? "" : surroundings.errors() }).toEqual({ code: 0, errors: "" });
  return surroundings.output();
}

function fill(db: Database): void {
  db.map("dropped").put("a", 1);
  const strings = db.map("strings");
  strings.put("", null);
  strings.put("é😀\u0000\u2028", { a: [1, 2.5, -0, 1e300], b: "\ud83d\ude00", "": {} });
  strings.put("until", "then", { expiresAt: FAR_AHEAD });
  strings.put("large", "x".repeat(300_000));
  for (const key of [Number.NEGATIVE_INFINITY, -1.5, 0, 5e-324, 1e21, Number.POSITIVE_INFINITY]) {
    db.map("numbers", { key: "number", value: "string" }).put(key, String(key));
  }
  for (const key of [-(2n ** 200n), -1n, 0n, 2n ** 64n]) {
    db.map("bigints", { key: "bigint", value: "bytes" }).put(key, Uint8Array.of(0, 255, 128));
  }
  db.map("bytes", { key: "bytes", value: "bytes" }).put(new Uint8Array(0), new Uint8Array(0));
  db.map("tuples", { key: "tuple" }).put(["a", 1, null, true, 2n, ["b"]], { ok: true });
  db.map("days", { key: date, value: date }).put(new Date(0), new Date(1), { expiresAt: FAR_AHEAD });
  db.map("empty");
  db.drop("dropped");
}

beforeAll(async () => {
  const db = open(original);
  fill(db);
  db.close();
  await nacre("shell", original, "-c", `create table "Group" ("order" integer primary key, b text, c real, d blob)`);
  await nacre("shell", original, "-c", "create table keyed (k text primary key, v) without rowid");
  await nacre("shell", original, "-c", `insert into "Group" values (1, 'ä', 0.5, x'00ff'), (-7, null, 1e300, x'')`);
  await nacre("shell", original, "-c", "insert into keyed values ('a', 9223372036854775807), ('b', 'x')");
  writeFileSync(join(directory.path, "dump"), await nacre("dump", original));
  await nacre("load", copy, join(directory.path, "dump"));
});

afterAll(() => directory[Symbol.dispose]());

describe("a dump, loaded", () => {
  it("is the same dump again, but for the number of the commit", async () => {
    const [, ...lines] = (await nacre("dump", original)).split("\n");
    const [, ...copied] = (await nacre("dump", copy)).split("\n");
    expect(copied).toEqual(lines);
    expect(lines.at(-2)).toBe('{"end":true,"keyspaces":10,"entries":23}');
  });

  it("has the values, and the ends of those that end", () => {
    using db = open(copy);
    expect(db.map("strings").get("é😀\u0000\u2028")).toEqual({ a: [1, 2.5, 0, 1e300], b: "😀", "": {} });
    expect(db.map("strings").expiresAt("until")).toBe(FAR_AHEAD);
    expect(db.map<string>("strings").get("large")?.length).toBe(300_000);
    expect([...db.map("numbers", { key: "number", value: "string" }).range().values()]).toEqual([
      "-Infinity",
      "-1.5",
      "0",
      "5e-324",
      "1e+21",
      "Infinity",
    ]);
    expect(db.map("bigints", { key: "bigint", value: "bytes" }).get(2n ** 64n)).toEqual(Uint8Array.of(0, 255, 128));
    expect(db.map("tuples", { key: "tuple" }).get(["a", 1, null, true, 2n, ["b"]])).toEqual({ ok: true });
    expect(db.map("days", { key: date, value: date }).get(new Date(0))).toEqual(new Date(1));
    expect(db.map("days", { key: date, value: date }).expiresAt(new Date(0))).toBe(FAR_AHEAD);
    expect(() => db.map("days")).toThrow(/codec of its own/);
    expect(db.maps()).toContain("empty");
  });

  it("has the tables, and takes new ones", async () => {
    for (const query of ['select * from "Group" order by 1', "select * from keyed", 'select count(*) from "Group"']) {
      expect(await nacre("shell", "--json", copy, query)).toBe(await nacre("shell", "--json", original, query));
    }
    expect(await nacre("shell", copy, ".schema")).toBe(await nacre("shell", original, ".schema"));
    await nacre("shell", copy, "-c", "create table later (a)", "-c", "insert into later values (1)");
    expect(await nacre("shell", "--csv", copy, "select * from later")).toBe("a\n1\n");
    expect(await nacre("shell", "--csv", copy, "select * from keyed")).toBe("k,v\na,9223372036854775807\nb,x\n");
    await nacre("check", copy);
  });
});

describe("rows, printed and imported", () => {
  it.each(["csv", "json"])("are the same as %s", async (format) => {
    const path = join(directory.path, `rows.${format}.nacre`);
    const file = join(directory.path, `rows.${format}`);
    const columns = "(id integer primary key, t text, r real)";
    const values = `(1, 'a,"b', 1e999), (2, '', -1e999), (3, null, 1e21), (-9223372036854775808, '007', -1e-7), (5, '\r\n', 0.1)`;
    await nacre("shell", path, "-c", `create table one ${columns}`, "-c", `create table other ${columns}`);
    await nacre("shell", path, `insert into one values ${values}`);
    const printed = await nacre("shell", `--${format}`, path, "select * from one");
    writeFileSync(file, printed);
    await nacre("shell", path, `.import ${file} other`);
    expect(await nacre("shell", `--${format}`, path, "select * from other")).toBe(printed);
    expect(await nacre("shell", "--csv", path, "select count(*) from other where typeof(r) = 'real'")).toBe(
      "count(*)\n5\n",
    );
  });
});
