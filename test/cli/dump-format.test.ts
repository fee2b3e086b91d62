import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RawEntry, RawKeyspace } from "../../src/cli/database.ts";
import { decodeLine, encodeEntry, encodeHeader, encodeKeyspace } from "../../src/cli/dump-format.ts";

function keyspace(key: string, value: string): RawKeyspace {
  return { name: "k", id: 16, engine: "btree", key, value };
}

function roundTrip(entry: RawEntry, owner: RawKeyspace): RawEntry {
  const line = decodeLine(encodeEntry(entry, owner), 2, owner);
  if (line.kind !== "entry") {
    throw new Error(`an entry was read as ${line.kind}`);
  }
  return {
    key: Uint8Array.from(line.entry.key),
    value: Uint8Array.from(line.entry.value),
    expiresAt: line.entry.expiresAt,
  };
}

describe("a dumped entry", () => {
  it("is readable where its codecs are", () => {
    const entry = { key: Buffer.from("u:1"), value: Buffer.from('{"name":"Ada"}'), expiresAt: 0 };
    expect(encodeEntry(entry, keyspace("string", "json"))).toBe('{"k":"u:1","v":{"name":"Ada"}}');
    expect(encodeEntry(entry, keyspace("string", "string"))).toBe('{"k":"u:1","v":"{\\"name\\":\\"Ada\\"}"}');
    expect(encodeEntry({ ...entry, expiresAt: 5 }, keyspace("bytes", "bytes"))).toBe(
      '{"kb":"dTox","vb":"eyJuYW1lIjoiQWRhIn0=","x":5}',
    );
  });

  it("keeps JSON that would print otherwise as its bytes", () => {
    const value = Buffer.from('{"a": 1.0}');
    expect(encodeEntry({ key: Buffer.from("x"), value, expiresAt: 0 }, keyspace("string", "json"))).toContain('"vb":');
  });

  it("comes back with every byte, whatever it holds", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.string({ unit: "binary" }).map((text) => new TextEncoder().encode(text)),
      fc.json().map((text) => new TextEncoder().encode(text)),
    );
    fc.assert(
      fc.property(
        fc.record({ key: bytes, value: bytes, expiresAt: fc.constantFrom(0, 1_767_225_600_000) }),
        fc.constantFrom("string", "bytes", "tuple", "custom"),
        fc.constantFrom("json", "string", "bytes", "custom"),
        (entry, key, value) => {
          const read = roundTrip(entry, keyspace(key, value));
          expect(read).toEqual({ ...entry, key: Uint8Array.from(entry.key), value: Uint8Array.from(entry.value) });
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("a dump's other lines", () => {
  it("come back as they are", () => {
    expect(decodeLine(encodeHeader(812), 1, undefined)).toEqual({
      kind: "header",
      header: { nacre: "dump", version: 1, commit: 812 },
    });
    expect(decodeLine(encodeKeyspace(keyspace("string", "json")), 2, undefined)).toEqual({
      kind: "keyspace",
      keyspace: keyspace("string", "json"),
    });
  });

  it("are refused where they are none", () => {
    expect(() => decodeLine('{"nacre":"dump","version":2}', 1, undefined)).toThrow("the dump is of version 2");
    expect(() => decodeLine("[", 3, undefined)).toThrow("line 3: this is no JSON object");
    expect(() => decodeLine('{"k":"a","v":1}', 2, undefined)).toThrow("an entry stands before any keyspace");
    expect(() => decodeLine('{"k":"a"}', 2, keyspace("string", "json"))).toThrow("neither a keyspace nor an entry");
  });
});
