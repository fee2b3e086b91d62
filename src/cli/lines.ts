/**
 * The lines of a stream: what lies between line feeds, and nothing else.
 *
 * Node's readline also ends lines at U+2028 and U+2029 (from Node 24 on), which are ordinary characters in JSON and in
 * SQL literals. A carriage return before a line feed belongs to the line's end; bytes are UTF-8, cut anywhere.
 */
import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** Ends with what follows the last line feed, if there is anything. */
export async function* linesOf(stream: Readable): AsyncGenerator<string, void, undefined> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const chunk of stream) {
    const lines = (typeof chunk === "string" ? chunk : decoder.write(chunk)).split("\n");
    lines[0] = rest + lines[0]!;
    rest = lines.pop()!;
    for (const line of lines) {
      yield withoutReturn(line);
    }
  }
  rest += decoder.end();
  if (rest !== "") {
    yield withoutReturn(rest);
  }
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line;
}
