import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CustomCodec } from "../../src/mvcc/key-codec.ts";
import { type ValueCodec, valueCodec } from "../../src/mvcc/value-codec.ts";
import { checkProperty } from "../support/property.ts";
import { codeOf, wellFormedText } from "./codec-fixture.ts";

/** The bytes of a value, written as a transaction does: measured, room reserved in shared memory, encoded. */
function stored<V>(codec: ValueCodec<V>, value: V): Uint8Array {
  const room = codec.measure(value);
  const arena = new Uint8Array(new SharedArrayBuffer(11 + room));
  const length = codec.encode(value, arena, 11);
  expect(length).toBeLessThanOrEqual(room);
  return arena.subarray(11, 11 + length);
}

/** Decodes as readers do: out of larger memory, with both views of it. */
function decoded<V>(codec: ValueCodec<V>, bytes: Uint8Array): V {
  const { buffer, byteOffset, length } = bytes;
  return codec.decode(new Uint8Array(buffer), byteOffset, length, new DataView(buffer));
}

function roundTrip<V>(codec: ValueCodec<V>, value: V): V {
  return decoded(codec, stored(codec, value));
}

describe("json values", () => {
  const codec = valueCodec("json");

  it("come back as JSON has them", () => {
    checkProperty(
      fc.property(fc.json(), (text) => {
        expect(roundTrip(codec, JSON.parse(text))).toEqual(JSON.parse(text));
      }),
    );
    expect(roundTrip(codec, null)).toBeNull();
    expect(roundTrip(codec, "\ud800")).toBe("\ud800");
    expect(roundTrip(codec, { name: "漢字".repeat(3000) })).toEqual({ name: "漢字".repeat(3000) });
    expect(roundTrip(codec, new Date(0))).toBe("1970-01-01T00:00:00.000Z");
  });

  it("are turned into text once", () => {
    let calls = 0;
    const value = { toJSON: (): number => ++calls };
    expect(Buffer.from(stored(codec, value)).toString()).toBe("1");
    expect(calls).toBe(1);
  });

  it("are never mixed up, measured or not", () => {
    const into = new Uint8Array(20);
    codec.measure({ a: 1 });
    expect(Buffer.from(into.subarray(0, codec.encode({ b: 2 }, into, 0))).toString()).toBe('{"b":2}');
    expect(Buffer.from(into.subarray(0, codec.encode([3], into, 0))).toString()).toBe("[3]");
    expect(Buffer.from(stored(codec, Number.NaN)).toString()).toBe("null");
  });

  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
    ["a BigInt", { id: 1n }],
    ["a cycle", cycle],
    ["a toJSON that throws", { toJSON: () => JSON.parse("{") }],
    ["a toJSON that returns nothing", { toJSON: () => undefined }],
  ])("refuse %s, naming the kind of the map", (_, value) => {
    expect(codeOf(() => codec.measure(value))).toBe("INVALID");
    expect(() => codec.measure(value)).toThrow(/value: "json"/);
  });

  it("are CORRUPT where the bytes are no JSON or no UTF-8", () => {
    for (const bytes of ["", "{", "undefined", '{"a":1}x', "\u0000"].map((text) => Buffer.from(text))) {
      expect(codeOf(() => decoded(codec, bytes))).toBe("CORRUPT");
    }
    const damaged = Buffer.from([0x22, 0xff, 0x22]);
    expect(codeOf(() => decoded(codec, damaged))).toBe("CORRUPT");
  });
});

describe("string values", () => {
  const codec = valueCodec("string");

  it("come back as they were", () => {
    checkProperty(
      fc.property(wellFormedText, (text) => {
        expect(roundTrip(codec, text)).toBe(text);
      }),
      { runs: 300 },
    );
    for (const text of ["", "é".repeat(5000), "x".repeat(100_000), "\ufffd", "\ufeffa"]) {
      expect(roundTrip(codec, text)).toBe(text);
    }
  });

  it("refuse what UTF-8 cannot hold, and what is no string", () => {
    for (const value of ["\ud800", `${"é".repeat(100)}\udfff`, 1, null, undefined, Buffer.from("a")]) {
      expect(codeOf(() => codec.measure(value as string))).toBe("INVALID");
    }
  });

  it("are CORRUPT where the bytes are not UTF-8", () => {
    checkProperty(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const isText = Buffer.from(Buffer.from(bytes).toString()).equals(bytes);
        expect(codeOf(() => decoded(codec, bytes))).toBe(isText ? "nothing thrown" : "CORRUPT");
      }),
      { runs: 500 },
    );
  });
});

describe("bytes values", () => {
  const codec = valueCodec("bytes");

  it("come back as a copy that is the caller's own, at every size", () => {
    const kept: [Uint8Array, Uint8Array][] = [];
    for (const length of [
      0, 1, 63, 64, 65, 66, 67, 79, 80, 81, 100, 100, 255, 256, 257, 4095, 4096, 4097, 5000, 4000, 4000, 4000, 70_000,
    ]) {
      const value = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 0xff);
      const bytes = stored(codec, value);
      const copy = decoded(codec, bytes);
      bytes.fill(0xee);
      expect(copy.buffer).toBeInstanceOf(ArrayBuffer);
      expect(copy.byteOffset % 8).toBe(0);
      kept.push([copy, value]);
    }
    for (const [copy, value] of kept) {
      expect(Buffer.compare(copy, value)).toBe(0);
    }
  });

  it("take any Uint8Array, a Buffer too, and nothing else", () => {
    expect(roundTrip(codec, Buffer.from("abc"))).toEqual(Uint8Array.from(Buffer.from("abc")));
    for (const value of ["abc", [1, 2], new ArrayBuffer(3), new Uint16Array(3), null, undefined]) {
      expect(codeOf(() => codec.measure(value as never))).toBe("INVALID");
    }
  });

  it("refuse more than 256 MiB before anything is reserved", () => {
    const tooLong = { bytes: 268_435_457, limit: 268_435_456 };
    // Zero pages that are never touched cost nothing.
    expect(() => codec.measure(new Uint8Array(tooLong.bytes))).toThrow(
      expect.objectContaining({ code: "INVALID", facts: tooLong }),
    );
  });
});

describe("a value codec of one's own", () => {
  it("encodes once, and gets a copy to decode", () => {
    let calls = 0;
    const points: CustomCodec<{ x: number; y: number }> = {
      encode: ({ x, y }) => {
        calls++;
        return new Uint8Array(Float64Array.of(x, y).buffer);
      },
      decode: (bytes) => {
        const [x, y] = new Float64Array(bytes.buffer, bytes.byteOffset, 2);
        return { x: x as number, y: y as number };
      },
    };
    expect(roundTrip(valueCodec(points), { x: 1.5, y: -2 })).toEqual({ x: 1.5, y: -2 });
    expect(calls).toBe(1);
  });

  it("is held to bytes", () => {
    const codec = valueCodec({ encode: (value: string) => value as never, decode: () => "" });
    expect(codeOf(() => codec.measure("a"))).toBe("INVALID");
  });

  it("is an object with both directions", () => {
    for (const choice of ["text", undefined, null, { decode: () => 1 }]) {
      expect(codeOf(() => valueCodec(choice as never))).toBe("INVALID");
    }
  });
});
