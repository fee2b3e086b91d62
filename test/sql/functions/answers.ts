/**
 * Tables of what SQLite 3.53.2 answers, one `expression → answer` a line; the answer as `quote()` writes it, or as
 * `error: message`. Every line is a test of its own.
 */
import { expect, test } from "vitest";
import { SqlSession } from "../../../src/sql/index.ts";
import { MemoryStore } from "../memory-store.ts";

export function checkAnswers(table: string): void {
  const session = new SqlSession(new MemoryStore());
  const lines = table.trim().split("\n");
  test.each(lines.map((line) => line.split(" → ") as [string, string]))("%s is %s", (expression, answer) => {
    expect(answerTo(session, expression)).toBe(answer);
  });
}

function answerTo(session: SqlSession, expression: string): unknown {
  try {
    return session.prepare(`SELECT quote(${expression})`).pluck().get();
  } catch (error) {
    // The place behind the message is nacre's own.
    return `error: ${(error as Error).message.split("\n")[0]!.replace(/ at line \d+, column \d+$/, "")}`;
  }
}
