/** Depth and size: what SQLite takes and refuses, and headers of every length. */
import { describe, expect, test } from "vitest";
import { scalarFunction } from "../../../src/sql/value/functions/registry.ts";
import { answered, type SqlValue, tagOf } from "../../../src/sql/value/value.ts";

function call(name: string, ...values: SqlValue[]): SqlValue {
  const pairs = values.flatMap((value): unknown[] => [tagOf(value)!, value]);
  (scalarFunction(name)!.call as (...all: unknown[]) => void)(...pairs);
  return answered();
}

function nested(depth: number): string {
  return `${"[".repeat(depth)}1${"]".repeat(depth)}`;
}

describe("depth", () => {
  test.each([499, 500, 501, 1000])("%i levels are read", (depth) => {
    expect(call("json", nested(depth))).toBe(nested(depth));
    expect(call("json_extract", nested(depth), `$${"[0]".repeat(400)}`)).toBe(nested(depth - 400));
    expect(call("json_valid", nested(depth))).toBe(1);
  });

  test("1001 are malformed, at the bracket too many", () => {
    expect(call("json_valid", nested(1001))).toBe(0);
    expect(call("json_error_position", nested(1001))).toBe(1001);
    expect(() => call("json", nested(1001))).toThrow("malformed JSON");
  });

  test("JSONB that was put together deeper cannot be written as text", () => {
    const deep = call("jsonb", nested(1000)) as Uint8Array;
    expect(() => call("json_set", "[]", "$[#]", deep)).toThrow("JSON nested too deep");
    expect(() => call("json_pretty", nested(1000))).toThrow("JSON nested too deep");
  });

  test("so long a path is too deep", () => {
    expect(call("json_extract", nested(1000), `$${"[0]".repeat(999)}`)).toBe("[1]");
    expect(() => call("json_extract", nested(1000), `$${"[0]".repeat(1000)}`)).toThrow("JSON path too deep");
    expect(() => call("json_set", "{}", `$${".a".repeat(1001)}`, 1)).toThrow("JSON path too deep");
  });
});

describe("sizes", () => {
  test.each([
    [0, "07"],
    [11, "b7"],
    [12, "c70c"],
    [255, "c7ff"],
    [256, "d70100"],
    [65535, "d7ffff"],
    [65536, "e700010000"],
  ])("a string of %i bytes has the header %s", (length, header) => {
    const blob = call("jsonb", `"${"x".repeat(length)}"`) as Uint8Array;
    expect(Buffer.from(blob.subarray(0, blob.length - length)).toString("hex")).toBe(header);
  });

  test.each([3, 4, 85, 86, 21845, 21846])("an array of %i strings keeps them all", (count) => {
    const text = `[${Array.from({ length: count }, () => '"xy"').join(",")}]`;
    const blob = call("jsonb", text);
    expect(call("json", blob)).toBe(text);
    expect(call("json_array_length", blob)).toBe(count);
    expect(call("json_extract", blob, `$[${count - 1}]`)).toBe("xy");
    expect(call("json_extract", text, "$[#-1]")).toBe("xy");
    expect(call("json_array_length", call("jsonb_remove", blob, "$[0]", "$[#-1]"))).toBe(count - 2);
    expect(call("json", call("jsonb_set", blob, "$[#]", "xy"))).toBe(`${text.slice(0, -1)},"xy"]`);
  });
});

test("texts that were met before, and those between, do not get mixed up", () => {
  const texts = Array.from({ length: 9 }, (_, index) => `{"a":${index},"b":[${index}]}`);
  for (let round = 0; round < 50; round++) {
    const index = (round * round) % texts.length;
    expect(call("json_extract", texts[index]!, "$.a")).toBe(index);
    expect(call("json_patch", texts[index]!, texts[(index + 1) % 9]!)).toBe(texts[(index + 1) % 9]);
    expect(call("json_array_length", texts[index]!, "$.b")).toBe(1);
  }
});
