/**
 * Golden scripts: transcripts of a terminal that are run again and compared.
 *
 *   # a comment
 *   $ file data.csv                      makes a file of the lines below that begin with "| "
 *   $ damage app/pages.000 4 100         changes byte 100 of page 4
 *   $ nacre shell app -c "…"             runs a command; lines that begin with "| " are its standard input
 *   $ COLUMNS=40 nacre shell app …       the same on a terminal of that width
 *   | a line of input
 *   a line of output                     what came out, in the order in which it was written to either stream
 *   ! a line on the error stream
 *   [1]                                  the exit code, if it is not 0
 *
 * `{dir}` in a command is a directory of its own for each transcript, and stands for it in the output. `{backend}`
 * stands for mmap or, where mmap-io is not there for this Node, pread.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseAccess } from "../../src/cli/database.ts";
import { runNacre } from "../../src/cli/main.ts";
import { splitArguments } from "../../src/cli/shell/dot-command.ts";
import { hasMmap } from "../support/machine.ts";
import { capture } from "./capture.ts";

const PAGE_BYTES = 8192;

/** Runs the commands of a transcript and returns it with what they print now. */
export async function replay(transcript: string, databases: DatabaseAccess): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "nacre-transcript-"));
  try {
    let replayed = "";
    const lines = transcript.split("\n");
    for (let at = 0; at < lines.length; at++) {
      const line = lines[at]!;
      if (line.startsWith("$ ")) {
        const input: string[] = [];
        while (lines[at + 1]?.startsWith("|")) {
          input.push(lines[++at]!.replace(/^\| ?/, ""));
        }
        replayed += `${line}\n${input
          .map((each) => `| ${each}`.trimEnd())
          .map((each) => `${each}\n`)
          .join("")}`;
        replayed += (await runLine(line.slice(2), input, directory, databases))
          .replaceAll(directory, "{dir}")
          .replace(hasMmap() ? /^( +backend +)mmap$/m : /^( +backend +)pread$/m, "$1{backend}");
      } else if (line.startsWith("#")) {
        replayed += `${lines[at - 1] === "" ? "\n" : ""}${line}\n`;
      } else if (line === "" && lines[at + 1]?.startsWith("$ ")) {
        replayed += "\n";
      }
    }
    return replayed;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function runLine(
  line: string,
  input: readonly string[],
  directory: string,
  databases: DatabaseAccess,
): Promise<string> {
  const words = splitArguments(line).map((word) => word.replaceAll("{dir}", directory));
  if (words[0] === "file") {
    writeFileSync(join(directory, words[1]!), input.map((each) => `${each}\n`).join(""));
    return "";
  }
  if (words[0] === "damage") {
    damage(join(directory, words[1]!), Number(words[2]) * PAGE_BYTES + Number(words[3]));
    return "";
  }
  const columns = /^COLUMNS=(\d+)$/.exec(words[0]!)?.[1];
  const surroundings = capture({
    stdin: input.map((each) => `${each}\n`).join(""),
    variables: { NO_COLOR: "1" },
    ...(columns === undefined ? {} : { columns: Number(columns) }),
  });
  const code = await runNacre(words.slice(columns === undefined ? 1 : 2), surroundings, databases);
  const errors = visible(surroundings.errors()).replace(/^(?=[\s\S])/gm, "! ");
  return `${visible(surroundings.output())}${errors}${code === 0 ? "" : `[${code}]\n`}`;
}

function damage(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset]! ^= 0xff;
  writeFileSync(path, bytes);
}

/**
 * What moves the cursor, as characters; a drawing that ends without a line end gets one. Checksums, and how long something
 * took at the end of a line, are those of the layers below.
 */
function visible(text: string): string {
  const shown = text
    .replaceAll("\r", "␍")
    .replaceAll("\x1b", "␛")
    .replace(/(checksum is|that of its bytes) \d+/g, "$1 …")
    .replace(/ in \d[\d.]* m?s$/gm, " in …");
  return shown === "" || shown.endsWith("\n") ? shown : `${shown}\n`;
}
