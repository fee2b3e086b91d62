import { describe, expect, it } from "vitest";
import { formatBytes, formatCount, formatDuration } from "../../src/cli/amounts.ts";
import { Console } from "../../src/cli/console.ts";
import { Progress } from "../../src/cli/progress.ts";
import { displayWidth } from "../../src/cli/width.ts";
import { capture } from "./capture.ts";

/** The lines drawn, one on top of the other. */
function drawings(errors: string): string[] {
  return errors.split("\r\u001b[K").slice(1);
}

describe("progress", () => {
  it("is drawn on a terminal with rate and estimate, and wiped at the end", () => {
    const terminal = capture({ columns: 100, variables: { NO_COLOR: "1" }, tickMs: 500 });
    const progress = new Progress(new Console(terminal), {
      label: "flights.json",
      total: 10_000_000,
      unit: "bytes",
      itemName: "rows",
    });
    for (let done = 1; done <= 4; done++) {
      progress.update(done * 1_000_000, done * 20_000);
    }
    progress.end();
    expect(drawings(terminal.errors())).toEqual([
      "flights.json   10 %   ━━──────────────────────   1.0 MB of 10 MB   40 k rows/s",
      "flights.json   20 %   ━━━━━───────────────────   2.0 MB of 10 MB   40 k rows/s   4.0 s left",
      "flights.json   30 %   ━━━━━━━─────────────────   3.0 MB of 10 MB   40 k rows/s   3.5 s left",
      "flights.json   40 %   ━━━━━━━━━━──────────────   4.0 MB of 10 MB   40 k rows/s   3.0 s left",
      "",
    ]);
  });

  it("is drawn at most ten times a second", () => {
    const terminal = capture({ columns: 80, tickMs: 10 });
    const progress = new Progress(new Console(terminal), { label: "x", total: undefined, unit: "entries" });
    for (let done = 0; done < 100; done++) {
      progress.update(done);
    }
    expect(drawings(terminal.errors()).length).toBe(10);
  });

  it("is not drawn where there is no terminal, or a dumb one", () => {
    for (const surroundings of [capture(), capture({ columns: 80, variables: { TERM: "dumb" } })]) {
      const progress = new Progress(new Console(surroundings), { label: "x", total: 5, unit: "entries" });
      progress.update(1);
      progress.end();
      expect(surroundings.errors()).toBe("");
    }
  });

  it("fits the terminal, whatever its width", () => {
    for (let columns = 10; columns < 120; columns += 3) {
      const terminal = capture({ columns, variables: { NO_COLOR: "1" }, tickMs: 2000 });
      const progress = new Progress(new Console(terminal), {
        label: "a file with a name that is long\u001b[31m.csv",
        total: 1e9,
        unit: "bytes",
        itemName: "rows",
      });
      progress.update(123_456_789, 1_000_000);
      expect(displayWidth(drawings(terminal.errors())[0]!)).toBeLessThan(columns);
    }
  });
});

describe("amounts", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [9_949, "9.9 kB"],
    [9_950, "10 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [2.5e9, "2.5 GB"],
    [1e15, "1000 TB"],
  ])("%d bytes read %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it("count in thousands", () => {
    expect([0, 999, 1_300_000].map(formatCount)).toEqual(["0", "999", "1.3 M"]);
  });

  it.each([
    [0.04, "0.0 ms"],
    [9.96, "10 ms"],
    [999.6, "1.0 s"],
    [59_400, "59 s"],
    [59_600, "1 min 0 s"],
    [200_000, "3 min 20 s"],
    [3_599_900, "60 min 0 s"],
    [7_500_000, "2 h 5 min"],
  ])("%d ms read %s", (durationMs, text) => {
    expect(formatDuration(durationMs)).toBe(text);
  });
});
