/**
 * Lines that somebody types, or a file of them, as the statements and dot commands they are.
 *
 * A statement ends at a semicolon outside quotes and comments, wherever the lines end. A dot command is a line that begins
 * with a point while no statement is open. The body of `CREATE TRIGGER … BEGIN …; END;` has semicolons of its own
 * and ends at the one after END, as sqlite3_complete() decides it.
 */

export interface InputPiece {
  readonly kind: "sql" | "dot";
  readonly text: string;
  /** The line, from 1, on which it begins. */
  readonly line: number;
}

/** What an unfinished statement waits for: its semicolon, or the end of a quotation or a comment. */
export type Awaited = "nothing" | "semicolon" | "quote" | "comment";

const TOKEN = /\s+|--.*|\/\*|[\w$\u0080-\uffff]+|./y;
const CLOSER_OF: Readonly<Record<string, string>> = { "'": "'", '"': '"', "`": "`", "[": "]", "/*": "*/" };
const TRIGGER = /^CREATE (?:TEMP |TEMPORARY )?TRIGGER /;
/** `CREATE TEMPORARY TRIGGER`: more tokens do not matter. */
const HEAD_TOKENS = 3;

export class StatementInput {
  #line: number;
  #text: string;
  #startLine: number;
  /** What ends the quotation or comment in which the text stands, or nothing. */
  #closer: string;
  #tokenCount: number;
  #head: string;
  #lastToken: string;
  #tokenBeforeLast: string;

  constructor() {
    this.#line = 0;
    this.#text = "";
    this.#startLine = 0;
    this.#closer = "";
    this.#tokenCount = 0;
    this.#head = "";
    this.#lastToken = "";
    this.#tokenBeforeLast = "";
  }

  get awaited(): Awaited {
    if (this.#closer !== "") {
      return this.#closer === "*/" ? "comment" : "quote";
    }
    return this.#tokenCount > 0 ? "semicolon" : "nothing";
  }

  /** Takes a line without its end; returns what it completes. */
  push(line: string): InputPiece[] {
    this.#line++;
    if (this.awaited === "nothing" && line.trimStart().startsWith(".")) {
      this.clear();
      return [{ kind: "dot", text: line.trim(), line: this.#line }];
    }
    const pieces: InputPiece[] = [];
    let from = 0;
    let at = 0;
    while (at < line.length) {
      if (this.#closer !== "") {
        at = this.#skipQuoted(line, at);
      } else if (line[at] === ";" && this.#endsHere()) {
        at++;
        this.#text += line.slice(from, at);
        pieces.push(...this.#take());
        from = at;
      } else {
        at = this.#skipToken(line, at);
      }
    }
    this.#text += `${line.slice(from)}\n`;
    return pieces;
  }

  /** What is left at the end of the input, where it is more than comments: the last semicolon may be missing. */
  end(): InputPiece[] {
    return this.#take();
  }

  /** Forgets an unfinished statement. */
  clear(): void {
    this.#text = "";
    this.#closer = "";
    this.#tokenCount = 0;
    this.#head = "";
    this.#lastToken = "";
    this.#tokenBeforeLast = "";
  }

  #take(): InputPiece[] {
    const text = this.#text.trim();
    const isStatement = this.#tokenCount > 0;
    this.clear();
    return isStatement ? [{ kind: "sql", text, line: this.#startLine }] : [];
  }

  /** Whether a semicolon at this place is the statement's own. */
  #endsHere(): boolean {
    return !TRIGGER.test(this.#head) || (this.#lastToken === "END" && this.#tokenBeforeLast === ";");
  }

  /** Behind the end of the quotation; a doubled quote ends it and begins the next, to the same effect. */
  #skipQuoted(line: string, at: number): number {
    const end = line.indexOf(this.#closer, at);
    if (end < 0) {
      return line.length;
    }
    const after = end + this.#closer.length;
    this.#closer = "";
    return after;
  }

  #skipToken(line: string, at: number): number {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(line)?.[0] ?? line.charAt(at);
    this.#closer = CLOSER_OF[token] ?? "";
    const isBlank = token.startsWith("--") || token === "/*" || token.trim() === "";
    if (!isBlank) {
      this.#note(token.toUpperCase());
    }
    return at + token.length;
  }

  #note(token: string): void {
    if (this.#tokenCount === 0) {
      this.#startLine = this.#line;
    }
    if (this.#tokenCount < HEAD_TOKENS) {
      this.#head += `${token} `;
    }
    this.#tokenCount++;
    this.#tokenBeforeLast = this.#lastToken;
    this.#lastToken = token;
  }
}
