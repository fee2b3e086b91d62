/** Scripts in the SQL logic test format, parsed record by record. */
import type { Condition, LogicQuery, LogicRecord, SortMode } from "./record.ts";

export class LogicFormatError extends Error {
  override readonly name = "LogicFormatError";

  constructor(message: string, line: number) {
    super(`line ${line}: ${message}`);
  }
}

const SORT_MODES: readonly string[] = ["nosort", "rowsort", "valuesort"] satisfies SortMode[];

/** Lines of a script: without what ends them, and empty where there is only white space. */
export function linesOf(script: string): string[] {
  return script.split("\n").map((line) => (line.trim() === "" ? "" : line.replace(/\r$/, "")));
}

/** The records of a script, those behind a `halt` included. Throws LogicFormatError. */
export function* parseRecords(lines: readonly string[]): Generator<LogicRecord, void, undefined> {
  const reader = new LineReader(lines);
  while (reader.skipEmpty()) {
    const conditions = readConditions(reader);
    const line = reader.lineNumber;
    const [word = "", ...rest] = reader.words();
    reader.next();
    switch (word) {
      case "statement": {
        const isError = rest[0] === "error";
        if (!isError && rest[0] !== "ok") {
          throw new LogicFormatError("a statement is ok or error", line);
        }
        yield { kind: "statement", line, conditions, sql: reader.text(), isError };
        break;
      }
      case "query":
        yield { line, conditions, ...readQuery(reader, rest, line) };
        break;
      case "hash-threshold": {
        const count = Number(rest[0]);
        if (!Number.isInteger(count) || count < 0) {
          throw new LogicFormatError("a hash-threshold is a number", line);
        }
        yield { kind: "hash-threshold", line, conditions, count };
        break;
      }
      case "halt":
        yield { kind: "halt", line, conditions };
        break;
      default:
        throw new LogicFormatError(`unknown record ${JSON.stringify(word)}`, line);
    }
  }
}

function readConditions(reader: LineReader): Condition[] {
  const conditions: Condition[] = [];
  for (;;) {
    const [word, engine] = reader.words();
    if (word !== "skipif" && word !== "onlyif") {
      return conditions;
    }
    if (engine === undefined) {
      throw new LogicFormatError(`${word} what?`, reader.lineNumber);
    }
    conditions.push({ word, engine: engine.toLowerCase() });
    reader.next();
  }
}

function readQuery(reader: LineReader, words: readonly string[], line: number): LogicQuery {
  const [types = "", sort = "nosort", label] = words;
  if (!/^[IRT]+$/.test(types)) {
    throw new LogicFormatError("a query has a letter for each column: I, R or T", line);
  }
  if (!SORT_MODES.includes(sort)) {
    throw new LogicFormatError(`unknown sort mode ${JSON.stringify(sort)}`, line);
  }
  const sql = reader.text();
  const from = reader.position;
  const answer: string[] = [];
  if (reader.current === "----") {
    reader.next();
    answer.push(...reader.lines());
  }
  return { kind: "query", sql, types, sort: sort as SortMode, label, answer, answerLines: [from, reader.position] };
}

/** Goes over lines and leaves out comments. */
class LineReader {
  readonly #lines: readonly string[];
  #position: number;

  constructor(lines: readonly string[]) {
    this.#lines = lines;
    this.#position = -1;
    this.next();
  }

  /** Undefined: there is none left. */
  get current(): string | undefined {
    return this.#lines[this.#position];
  }

  get position(): number {
    return this.#position;
  }

  get lineNumber(): number {
    return this.#position + 1;
  }

  next(): void {
    do {
      this.#position++;
    } while (this.current?.startsWith("#") === true);
  }

  /** Goes to the next record; false at the end. */
  skipEmpty(): boolean {
    while (this.current === "") {
      this.next();
    }
    return this.current !== undefined;
  }

  words(): string[] {
    return (this.current ?? "").split(/\s+/).filter((word) => word !== "");
  }

  /** The lines up to an empty one, or to "----". */
  text(): string {
    return this.lines("----").join("\n");
  }

  lines(end: string = ""): string[] {
    const lines: string[] = [];
    for (; this.current !== undefined && this.current !== "" && this.current !== end; this.next()) {
      lines.push(this.current);
    }
    return lines;
  }
}
