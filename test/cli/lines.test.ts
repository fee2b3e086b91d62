import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { linesOf } from "../../src/cli/lines.ts";

async function linesIn(...chunks: Uint8Array[]): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(Readable.from(chunks))) {
    lines.push(line);
  }
  return lines;
}

test("only a line feed ends a line, and a carriage return before it goes with it", async () => {
  expect(await linesIn(Buffer.from("a\u2028b\u2029c\u0085d\n\r\ne\rf\r\n"))).toEqual([
    "a\u2028b\u2029c\u0085d",
    "",
    "e\rf",
  ]);
  expect(await linesIn(Buffer.from("no end"))).toEqual(["no end"]);
  expect(await linesIn()).toEqual([]);
});

test("characters and lines may be cut anywhere", async () => {
  const bytes = Buffer.from("é😀\r\n\nü\n");
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(await linesIn(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(["é😀", "", "ü"]);
  }
});
