import { describe, expect, it } from "vitest";
import { blockLine } from "../../bench/kv/block-line.ts";

describe("a line of blocks", () => {
  it("has the height of each value, in eighths of the highest", () => {
    expect(blockLine([1, 2, 3, 4, 5, 6, 7, 8], 8, 8)).toBe("▁▂▃▄▅▆▇█");
  });

  it("begins at zero, not at the lowest value", () => {
    expect(blockLine([50, 100], 8, 100)).toBe("▄█");
    expect(blockLine([99, 100], 8, 100)).toBe("██");
  });

  it("shows nothing as the lowest block, so that time goes on", () => {
    expect(blockLine([0, 8, 0], 8, 8)).toBe("▁█▁");
    expect(blockLine([0, 0], 8, 0)).toBe("▁▁");
  });

  it("gives the mean of the values that a column stands for", () => {
    expect(blockLine([8, 8, 0, 8, 4, 4], 3, 8)).toBe("█▄▄");
  });

  it("is as wide as asked for and takes every value once, where there are more values", () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i < 500 ? 0 : 8));
    expect(blockLine(values, 7, 8)).toBe("▁▁▁▄███");
    expect(blockLine([], 7, 8)).toBe("");
  });
});
