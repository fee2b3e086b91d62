import { describe, expect, it } from "vitest";
import { METRICS } from "../../bench/kv/metrics.ts";
import { parseOptions, USAGE } from "../../bench/kv/options.ts";

function parsed(...args: string[]) {
  return parseOptions(args)!;
}

describe("the command line of the benchmark", () => {
  it("runs the B+tree beside all peers, without the fill of ten million", () => {
    const { engines, only, entries } = parsed();
    expect(engines).toEqual(["nacre", "lmdb", "node-lmdb", "classic-level", "better-sqlite3"]);
    expect(only).toContain("get-hit");
    expect(only.filter((id) => id.startsWith("sustained"))).toEqual([]);
    expect(entries).toBe(300_000);
  });

  it("runs the LSM engine, in its rows, beside the peers that its goals speak of", () => {
    const { engines, only, fillEntries } = parsed("--engine", "lsm");
    expect(engines).toEqual(["nacre-lsm", "lmdb", "classic-level"]);
    expect(only).toContain("sustained-slowest");
    expect(only).not.toContain("get-hit");
    expect(fillEntries).toBe(10_000_000);
  });

  it("names engines and rows alone, in either case", () => {
    const { engines, only } = parsed(
      "--engine",
      "lsm",
      "--engines",
      "lmdb,nacre,nacre-lsm",
      "--only",
      "get-,json-size",
    );
    expect(engines).toEqual(["nacre", "nacre-lsm", "lmdb"]);
    expect(only).toEqual(["get-hit", "get-miss", "get-fresh", "json-size"]);
  });

  it("takes underscores in numbers", () => {
    expect(parsed("--fill-entries", "1_000_000").fillEntries).toBe(1_000_000);
  });

  it.each([
    [["--engine", "rocks"], "--engine is btree or lsm"],
    [["--engines", "lsm"], "there is no engine"],
    [["--only", "speed"], "there is no metric"],
    [["--fill-entries", "9999"], "at least 10000"],
  ])("refuses %j", (args, message) => {
    expect(() => parsed(...args)).toThrow(message);
  });

  it("lists every row in its help", () => {
    const words = USAGE.split(/\s+/);
    expect(METRICS.filter(({ id }) => !words.includes(id))).toEqual([]);
    expect(parseOptions(["--help"])).toBeUndefined();
  });
});
