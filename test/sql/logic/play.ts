/** Plays a script on an engine and tells where it did not do what the script says. */
import { type LogicEngine, LogicRefusal } from "./engine.ts";
import { parseRecords } from "./parse.ts";
import { isFor, type LogicQuery, type LogicRecord } from "./record.ts";
import { digest, hashLine, writtenValues } from "./values.ts";

export interface LogicFailure {
  readonly line: number;
  readonly sql: string;
  readonly message: string;
}

export interface LogicTally {
  passed: number;
  failed: number;
  /** Records of other engines. */
  skipped: number;
}

const HASH = /^\d+ values hashing to [0-9a-f]{32}$/;

export class Play {
  readonly tally: LogicTally;
  readonly #engine: LogicEngine;
  readonly #onFailure: (failure: LogicFailure) => void;
  readonly #digests: Map<string, string>;

  constructor(engine: LogicEngine, onFailure: (failure: LogicFailure) => void) {
    this.tally = { passed: 0, failed: 0, skipped: 0 };
    this.#engine = engine;
    this.#onFailure = onFailure;
    this.#digests = new Map();
  }

  /** Every record up to a `halt`. */
  all(lines: readonly string[]): LogicTally {
    for (const record of parseRecords(lines)) {
      if (!isFor(record, this.#engine.dialect)) {
        this.tally.skipped++;
      } else if (record.kind === "halt") {
        break;
      } else {
        this.one(record);
      }
    }
    return this.tally;
  }

  one(record: Exclude<LogicRecord, { kind: "halt" }>): void {
    if (record.kind === "hash-threshold") {
      // For whoever writes answers: each says itself whether it is a hash.
      return;
    }
    const message = record.kind === "statement" ? this.#statement(record) : this.#query(record);
    if (message === undefined) {
      this.tally.passed++;
    } else {
      this.tally.failed++;
      this.#onFailure({ line: record.line, sql: record.sql, message });
    }
  }

  #statement({ sql, isError }: Extract<LogicRecord, { kind: "statement" }>): string | undefined {
    try {
      this.#engine.run(sql);
    } catch (error) {
      return isError && error instanceof LogicRefusal ? undefined : String(error);
    }
    return isError ? "it succeeded" : undefined;
  }

  #query(query: LogicQuery): string | undefined {
    let values: string[];
    try {
      const { columns, rows } = this.#engine.query(query.sql);
      if (columns !== query.types.length) {
        return `${columns} columns, not ${query.types.length}`;
      }
      values = writtenValues(query, rows);
    } catch (error) {
      return String(error);
    }
    const isHashed = query.answer.length === 1 && HASH.test(query.answer[0]!);
    return difference(isHashed ? [hashLine(values)] : values, query.answer) ?? this.#labelled(query, values);
  }

  #labelled({ label }: LogicQuery, values: readonly string[]): string | undefined {
    if (label === undefined) {
      return undefined;
    }
    const found = digest(values);
    const known = this.#digests.get(label) ?? found;
    this.#digests.set(label, known);
    return known === found ? undefined : `other values than the queries before it of label ${label}`;
  }
}

function difference(found: readonly string[], expected: readonly string[]): string | undefined {
  const at = found.findIndex((value, index) => value !== expected[index]);
  if (at < 0 && found.length === expected.length) {
    return undefined;
  }
  const index = at < 0 ? found.length : at;
  return `value ${index + 1} of ${expected.length} is ${found[index] ?? "missing"}, not ${expected[index] ?? "there"}`;
}
