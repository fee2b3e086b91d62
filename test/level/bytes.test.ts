/** Keys and values as bytes: the three native forms, custom encodings, limits, and whose memory it is. */
import { describe, expect, test } from "vitest";
import { ENGINES } from "./engines.ts";
import { codesOf, Place } from "./places.ts";

const LONGEST = "k".repeat(2048);
const TOO_LONG = `${LONGEST}k`;

describe("forms", () => {
  test("what was put in one form is read in every other", async () => {
    await using place = new Place();
    const level = await place.own();
    const text = "Grüße, 🐄";
    const bytes = new TextEncoder().encode(text);
    const forms = [
      ["utf8", text],
      ["buffer", Buffer.from(text)],
      ["view", bytes],
    ] as const;
    for (const [encoding, form] of forms) {
      await level.put<typeof form, typeof form>(form, form, { keyEncoding: encoding, valueEncoding: encoding });
      for (const [as, expected] of forms) {
        const read = await level.get<string, unknown>(text, { valueEncoding: as });
        expect(read).toEqual(expected);
        expect(Buffer.isBuffer(read)).toBe(as === "buffer");
        const options = { keyEncoding: as, valueEncoding: as };
        expect(await level.iterator<unknown, unknown>(options).all()).toEqual([[expected, expected]]);
        expect(await level.keys<unknown>(options).next()).toEqual(expected);
        expect(await level.values<unknown, unknown>(options).nextv(2)).toEqual([expected]);
      }
      await level.del<typeof form>(form, { keyEncoding: encoding });
      expect(await level.has(text)).toBe(false);
    }
  });

  test("values of every size come back, from the log and from pages", async () => {
    await using place = new Place();
    const level = await place.own<string, Buffer>({ valueEncoding: "buffer" });
    const sizes = [0, 1, 15, 16, 17, 63, 64, 65, 255, 256, 257, 1000, 4096, 5000, 70_000, 1_500_000];
    const bytesOf = (size: number) => Buffer.from(Array.from({ length: size }, (_, i) => (i * 31 + size) & 0xff));
    await level.batch(sizes.map((size) => ({ type: "put" as const, key: String(size), value: bytesOf(size) })));
    for (const moment of ["in the log", "in pages"]) {
      for (const size of sizes) {
        const expected = bytesOf(size);
        expect(level.getSync(String(size))?.equals(expected), `${size} bytes ${moment}`).toBe(true);
        const view = level.getSync<string, Uint8Array>(String(size), { valueEncoding: "view" });
        expect(Buffer.compare(view!, expected), `${size} bytes ${moment}`).toBe(0);
        const text = level.getSync<string, string>(String(size), { valueEncoding: "utf8" });
        expect(text === expected.toString(), `${size} bytes ${moment}`).toBe(true);
      }
      const walked = await level.iterator().all();
      expect(walked.every(([key, value]) => value.equals(bytesOf(Number(key))))).toBe(true);
      expect(walked.length).toBe(sizes.length);
      await level.database.checkpoint();
    }
  });

  test("bytes that are no text are read as LevelDB reads them", async () => {
    await using place = new Place();
    const level = await place.own();
    const bytes = Buffer.from([0x61, 0xff, 0xc3, 0x28]);
    await level.put("k", bytes, { valueEncoding: "buffer" });
    expect(await level.get("k")).toBe(bytes.toString());
    await level.put("half \ud83d", "a \udc04 b");
    expect(await level.iterator().all()).toContainEqual(["half \ufffd", "a \ufffd b"]);
    expect(await level.get("half \ud83d")).toBe("a \ufffd b");
  });

  test("custom encodings and JSON", async () => {
    await using place = new Place();
    const dates = {
      name: "date",
      format: "buffer" as const,
      encode: (date: Date) => Buffer.from(date.toISOString()),
      decode: (bytes: Buffer) => new Date(bytes.toString()),
    };
    const level = await place.own<Date, unknown>({ keyEncoding: dates, valueEncoding: "json" });
    const [earlier, later] = [new Date(1000), new Date(2000)];
    await level.put(later, { deep: [1, null] });
    await level.put(earlier, "text");
    expect(await level.iterator({ gt: earlier }).all()).toEqual([[later, { deep: [1, null] }]]);
    await level.put<Date, string>(later, "{", { valueEncoding: "utf8" });
    expect(await codesOf(() => level.get(later))).toBe("LEVEL_DECODE_ERROR < SyntaxError");
  });
});

describe("memory", () => {
  test("what is returned is the caller's own, and what was passed may be changed", async () => {
    await using place = new Place();
    const level = await place.own<Buffer, Buffer>({ keyEncoding: "buffer", valueEncoding: "buffer" });
    const [key, value] = [Buffer.from("k1"), Buffer.alloc(100, 7)];
    const putting = level.put(key, value, { sync: true });
    key.fill(0);
    value.fill(0);
    await putting;
    for (const read of [
      () => level.getSync(Buffer.from("k1"))!,
      () => level.getSync<Buffer, Uint8Array>(Buffer.from("k1"), { valueEncoding: "view" })!,
    ]) {
      read().fill(9);
      expect([...read()]).toEqual(new Array(100).fill(7));
    }
    const [entry] = await level.iterator().all();
    entry![0].fill(9);
    entry![1].fill(9);
    expect((await level.keys().all()).map(String)).toEqual(["k1"]);
  });

  test("bounds and targets may be changed once they were passed", async () => {
    await using place = new Place();
    const level = await place.own();
    await level.batch(["a", "b", "c"].map((key) => ({ type: "put" as const, key, value: "" })));
    const bound = Buffer.from("b");
    const keys = level.keys<Buffer>({ gte: bound, keyEncoding: "buffer" });
    bound.fill("z");
    expect((await keys.next())?.toString()).toBe("b");
    const target = Buffer.from("c");
    keys.seek(target);
    target.fill("a");
    expect((await keys.nextv(5)).map(String)).toEqual(["c"]);
    await keys.close();
  });
});

describe("limits", () => {
  test("a key of 2048 bytes is a key; a longer one cannot be put, and nothing else minds it", async () => {
    await using place = new Place();
    const level = await place.own();
    await level.put(LONGEST, "longest");
    expect(await level.get(LONGEST)).toBe("longest");
    expect(await level.keys().all()).toEqual([LONGEST]);
    for (const key of [TOO_LONG, "ü".repeat(1025), "🐄".repeat(513)]) {
      expect(await codesOf(() => level.put(key, ""))).toBe("LEVEL_INVALID_KEY");
      expect(await level.get(key)).toBeUndefined();
      expect(await level.hasMany([LONGEST, key])).toEqual([true, false]);
      expect(await level.getMany([key, LONGEST])).toEqual([undefined, "longest"]);
      await level.del(key);
    }
    await level.put("ü".repeat(1024), "");
    const view = await codesOf(() => level.put(new Uint8Array(2049), "", { keyEncoding: "view" }));
    expect(view).toBe("LEVEL_INVALID_KEY");
  });

  test("a batch with a key that is too long writes nothing", async () => {
    await using place = new Place();
    const level = await place.own();
    const operations = ["a", TOO_LONG, "b"].map((key) => ({ type: "put" as const, key, value: "1" }));
    expect(await codesOf(() => level.batch(operations))).toBe("LEVEL_INVALID_KEY");
    expect(await level.keys().all()).toEqual([]);
    await level.put("c", "1");
    expect(await level.keys().all()).toEqual(["c"]);
  });

  test.each(ENGINES)(
    "bounds and targets may be longer than any key, in the log and in pages, on %s",
    async (engine) => {
      await using place = new Place();
      const level = await place.own({ engine });
      const keys = [LONGEST.slice(0, -1), LONGEST, `${LONGEST.slice(0, -1)}l`];
      const [shorter, longest, above] = keys as [string, string, string];
      await level.batch(keys.map((key) => ({ type: "put" as const, key, value: "" })));
      for (const bound of [TOO_LONG, TOO_LONG, `${LONGEST}${"k".repeat(100_000)}`]) {
        expect(await level.keys({ gt: bound }).all()).toEqual([above]);
        expect(await level.keys({ gte: bound }).all()).toEqual([above]);
        expect(await level.keys({ lt: bound }).all()).toEqual([shorter, longest]);
        expect(await level.keys({ lte: bound, reverse: true }).all()).toEqual([longest, shorter]);
        const forward = level.keys();
        forward.seek(bound);
        expect(await forward.all()).toEqual([above]);
        const reverse = level.keys({ reverse: true });
        reverse.seek(bound);
        expect(await reverse.all()).toEqual([longest, shorter]);
        expect(await level.approximateSize("", bound)).toBe(2047 + 2048 + 8);
        await level.database.checkpoint();
      }
      await level.clear({ lt: TOO_LONG });
      expect(await level.keys().all()).toEqual([above]);
    },
  );
});
