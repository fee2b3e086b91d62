import { describe, expect, it } from "vitest";
import { DEFAULT_LSM_SETTINGS as LSM } from "../../src/lsm/index.ts";
import { Catalog, encodeName } from "../../src/mvcc/catalog.ts";
import { codeOf } from "../api/places.ts";

const TREE = { id: 16, engine: "btree", key: "string", value: "json" };
const RUNS = { ...TREE, engine: "lsm", lsm: LSM };

function loaded(entry: unknown): Catalog {
  const catalog = new Catalog();
  catalog.load(encodeName("m"), Buffer.from(JSON.stringify(entry)));
  return catalog;
}

describe("the catalog", () => {
  it.each([
    ["a B+tree", TREE],
    ["runs", RUNS],
    ["runs with packed leaves that not every Node can read", { ...RUNS, lsm: { ...LSM, compression: "zstd" } }],
    ["a counter", { ...TREE, merge: "counter" }],
    ["maxima of strings", { ...RUNS, value: "string", merge: "max" }],
    ["a codec and a merge function of the application's", { ...TREE, value: "custom", merge: "custom" }],
    ["a table", { ...TREE, key: "sql", value: "sql" }],
  ])("takes in %s", (_, entry) => {
    expect(loaded(entry).find("m")).toEqual({ ...entry, name: "m", isDropped: false });
  });

  it.each([
    ["nothing", null],
    ["a number", 5],
    ["an id of nacre's own", { ...TREE, id: 1 }],
    ["an id that is none", { ...TREE, id: "16" }],
    ["no kind of keys", { ...TREE, key: undefined }],
    ["no kind of values", { ...TREE, value: 5 }],
    ["an engine that there is not", { ...TREE, engine: "heap" }],
    ["runs without settings", { ...TREE, engine: "lsm" }],
    ["settings that are none", { ...RUNS, lsm: null }],
    ["settings that lack one", { ...RUNS, lsm: { ...LSM, prefixBytes: undefined } }],
    ["settings out of bounds", { ...RUNS, lsm: { ...LSM, prefixBytes: 1000 } }],
    ["a B+tree with settings of runs", { ...TREE, lsm: LSM }],
    ["an operator that there is not", { ...TREE, merge: "foo" }],
    ["an operator that is no name", { ...TREE, merge: 5 }],
    ["an operator for other values", { ...TREE, value: "string", merge: "counter" }],
  ])("finds an entry damaged that holds %s", (_, entry) => {
    expect(codeOf(() => loaded(entry))).toBe("CORRUPT");
  });
});
