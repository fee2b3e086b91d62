import { createReadStream, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { columnNames } from "../../src/cli/import/columns.ts";
import { openRows, type ReadOptions, type RowBatch, type RowReader } from "../../src/cli/import/index.ts";
import { numberOf } from "../../src/cli/import/number-text.ts";
import { vegaDataFile } from "./vega-data.ts";

async function* chunksOf(content: string | Uint8Array, chunkBytes = 7): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(content);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    yield bytes.subarray(at, at + chunkBytes);
  }
}

async function batchesOf(reader: RowReader): Promise<RowBatch[]> {
  const batches: RowBatch[] = [];
  for await (const batch of reader.batches()) {
    batches.push(batch);
  }
  return batches;
}

async function read(
  content: string | Uint8Array,
  options: Partial<ReadOptions> = {},
): Promise<{ reader: RowReader; rows: unknown[][] }> {
  const reader = await openRows(chunksOf(content), { name: "t.csv", ...options });
  return { reader, rows: (await batchesOf(reader)).flatMap((batch) => batch.rows) };
}

function described(reader: RowReader): string {
  return reader.columns.map((column) => `${column.name} ${column.type}`).join(", ");
}

describe("types", () => {
  it("are integer, real or text as all values of the sample are", async () => {
    const { reader, rows } = await read("i,r,t,z,e\n1,1.5,x,01234,\n-7,2,3,00501,\n,1e-3,,,\n");
    expect(described(reader)).toBe("i INTEGER, r REAL, t TEXT, z TEXT, e TEXT");
    expect(rows).toEqual([
      [1, 1.5, "x", "01234", null],
      [-7, 2, "3", "00501", null],
      [null, 0.001, null, null, null],
    ]);
  });

  it.each([
    ["0", 0],
    ["-5", -5],
    ["12345678901234567", 12345678901234567n],
    ["9223372036854775807", 9223372036854775807n],
    ["0.5", 0.5],
    [".5", 0.5],
    ["5.", 5],
    ["-1.5e-7", -1.5e-7],
    ["1e+21", 1e21],
    ["9223372036854775808", undefined],
    ["01", undefined],
    ["-0", undefined],
    ["+1", undefined],
    ["1E5", undefined],
    ["00.5", undefined],
    [".", undefined],
    ["-", undefined],
    ["", undefined],
    [" 1", undefined],
    ["1_000", undefined],
    ["0x10", undefined],
    ["NaN", undefined],
    ["Infinity", undefined],
    ["1e999", Number.POSITIVE_INFINITY],
    ["-1e999", Number.NEGATIVE_INFINITY],
    ["1e+999", undefined],
  ])("take %j for %s", (text, value) => {
    expect(numberOf(text)).toBe(value);
  });

  it("keep and report a value beyond the sample that does not fit", async () => {
    const { reader, rows } = await read("zip,n\n10001,1\n20001,2\n01234,3\n", { sampleRows: 2 });
    expect(rows[2]).toEqual(["01234", 3]);
    expect(reader.warnings()).toEqual([
      'column zip is INTEGER, but 1 value is written otherwise ("01234"); to keep such values as they are, create the table with zip TEXT and import again',
    ]);
  });

  it("treat a given text as NULL", async () => {
    const { reader, rows } = await read("a,b\nNA,NA\n1,x\n", { nullText: "NA" });
    expect(described(reader)).toBe("a INTEGER, b TEXT");
    expect(rows[0]).toEqual([null, null]);
  });

  it("of JSON are those of its values", async () => {
    const { reader, rows } = await read('[{"a":1,"b":0.0,"c":"1"},{"b":2,"d":{"x":[1]}}]', { name: "t.json" });
    expect(described(reader)).toBe("a INTEGER, b REAL, c TEXT, d TEXT");
    expect(rows).toEqual([
      [1, 0, "1", null],
      [null, 2, null, '{"x":[1]}'],
    ]);
  });
});

describe("columns", () => {
  it("get a name each, whatever the header lacks", () => {
    expect(columnNames([" a ", "A", "a_2", null, "", "column_4"])).toEqual([
      "a",
      "A_2",
      "a_2_2",
      "column_4",
      "column_5",
      "column_4_2",
    ]);
  });

  it("are numbered where there is no header", async () => {
    const { reader, rows } = await read("1,x\n2,y\n", { hasHeader: false });
    expect(described(reader)).toBe("column_1 INTEGER, column_2 TEXT");
    expect(rows.length).toBe(2);
  });
});

describe("bytes", () => {
  it("may begin with a byte order mark and be cut within a character", async () => {
    const content = "\ufeffname,city\nZoë,東京\n😀,Köln\n";
    for (let chunkBytes = 1; chunkBytes < 12; chunkBytes++) {
      const reader = await openRows(chunksOf(content, chunkBytes), { name: "t.csv" });
      const batches = await batchesOf(reader);
      expect(reader.columns[0]?.name).toBe("name");
      expect(batches.flatMap((batch) => batch.rows)).toEqual([
        ["Zoë", "東京"],
        ["😀", "Köln"],
      ]);
    }
  });

  it("that are not UTF-8 are refused at their offset", async () => {
    await expect(read(Buffer.from("a,b\nK\xf6ln,1\n", "latin1"))).rejects.toThrow("the byte at offset 5 is not UTF-8");
    await expect(read(Buffer.from("a,b\nx,\xc3", "latin1"))).rejects.toThrow("the byte at offset 6 is not UTF-8");
    await expect(read(Buffer.from("\ufeffa,b\n", "utf16le"), {})).rejects.toThrow("this is UTF-16");
  });

  it("that are none at all lack a header", async () => {
    await expect(read("")).rejects.toThrow("the file is empty");
  });
});

describe("batches", () => {
  it("have the given size, and say how far they are", async () => {
    const content = `n\n${Array.from({ length: 25 }, (_, index) => index).join("\n")}\n`;
    const reader = await openRows(chunksOf(content), { name: "t.csv", batchRows: 10, sampleRows: 12 });
    const batches = await batchesOf(reader);
    expect(batches.map((batch) => batch.rows.length)).toEqual([10, 10, 5]);
    expect(batches.flatMap((batch) => batch.rows.map((row) => row[0]))).toEqual(
      Array.from({ length: 25 }, (_, i) => i),
    );
    expect(batches.at(-1)?.bytesRead).toBe(content.length);
  });

  it("come before the mistake that is further on in the file", async () => {
    const options = { name: "t.csv", delimiter: ",", batchRows: 1, sampleRows: 1 };
    const reader = await openRows(chunksOf("a,b\n1,2\n3,4\n5\n", 4), options);
    const rows: unknown[][] = [];
    const readAll = async (): Promise<void> => {
      for await (const batch of reader.batches()) {
        rows.push(...batch.rows);
      }
    };
    await expect(readAll()).rejects.toThrow("t.csv, line 4: 1 field where the first record has 2");
    expect(rows).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });
});

describe("real files", () => {
  async function readFile(name: string): Promise<{ reader: RowReader; rows: unknown[][] }> {
    const reader = await openRows(createReadStream(vegaDataFile(name)), { name });
    return { reader, rows: (await batchesOf(reader)).flatMap((batch) => batch.rows) };
  }

  it("airports.csv", async () => {
    const { reader, rows } = await readFile("airports.csv");
    expect(described(reader)).toBe(
      "iata TEXT, name TEXT, city TEXT, state TEXT, country TEXT, latitude REAL, longitude REAL",
    );
    expect(rows.length).toBe(3376);
    expect(reader.warnings()).toEqual([]);
  });

  it("zipcodes.csv", async () => {
    const { reader, rows } = await readFile("zipcodes.csv");
    expect(described(reader)).toBe("zip_code TEXT, latitude REAL, longitude REAL, city TEXT, state TEXT, county TEXT");
    expect(rows.length).toBe(42049);
    expect(rows[0]).toEqual(["00501", 40.922326, -72.637078, "Holtsville", "NY", "Suffolk"]);
  });

  it("flights-200k.json, as JSON.parse has it", async () => {
    const { reader, rows } = await readFile("flights-200k.json");
    const model = JSON.parse(readFileSync(vegaDataFile("flights-200k.json"), "utf8")) as Record<string, number>[];
    expect(described(reader)).toBe("delay INTEGER, distance INTEGER, time REAL");
    expect(rows).toEqual(model.map((flight) => [flight.delay, flight.distance, flight.time]));
  });
});
