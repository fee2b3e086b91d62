import { deflateRawSync } from "node:zlib";
import { expect, it } from "vitest";
import { jsonRow } from "../../bench/kv/json-rows.ts";

const rows = Array.from({ length: 5000 }, (_, entry) => jsonRow(entry * 97));

it("rows are JSON of about 150 bytes", () => {
  const bytes = rows.reduce((sum, row) => sum + row.length, 0) / rows.length;
  expect(bytes).toBeGreaterThan(145);
  expect(bytes).toBeLessThan(165);
  expect(JSON.parse(rows[7]!.toString())).toMatchObject({ id: 679, name: expect.stringMatching(/^\w+ \w+$/) });
});

it("rows are the same each time, and no two are alike", () => {
  expect(jsonRow(48_213).equals(jsonRow(48_213))).toBe(true);
  expect(new Set(rows.map((row) => row.toString().slice(row.indexOf("name")))).size).toBe(rows.length);
});

it("rows compress as such data does: to a third, not to nothing", () => {
  const block = Buffer.concat(rows.slice(0, 100));
  const share = deflateRawSync(block, { level: 1 }).length / block.length;
  expect(share).toBeGreaterThan(0.25);
  expect(share).toBeLessThan(0.5);
});
