/**
 * The tokens of a text as the parsers of statements and expressions read them: the current token, the steps
 * `take` (if it is that) and `expect` (it must be that), names, and what a statement collects while it is parsed: the
 * numbers of its parameters and the height of its expressions.
 *
 * Two rules contain each other all over the grammar: expressions and queries. Files may not import each other in a
 * circle, so both are reached through here (`expression`, `query`); grammar.ts says which functions they are.
 *
 * What is wrong with a construct is found when it is complete, and it is complete when the token behind it has been
 * seen. Where that token cannot stand there at all, SQLite speaks of the token. So `complain` notes what is wrong, and
 * it is thrown with the next step, unless the parser finds the token unexpected before.
 *
 * Bounds, SQLite's own: MAX_EXPRESSION_DEPTH is the height of an expression's tree, MAX_PARAMETER that of parameters'
 * numbers. MAX_NESTING bounds the stack: what may be inside of what, whether or not it makes a tree.
 */
import type { DbError } from "../../errors.ts";
import type { Expression, Query } from "./ast/query.ts";
import { keywordClass } from "./keywords.ts";
import { errorAt, quoteNear } from "./syntax-error.ts";
import { Tokenizer } from "./tokenizer.ts";

export const MAX_EXPRESSION_DEPTH = 1000;
export const MAX_PARAMETER = 32_766;
export const MAX_NESTING = 1200;

/** `#1` and the like: SQLite keeps them for itself. */
const REGISTER = /^#\d/;
const QUESTION_MARK = 63;

/** The two rules that everything contains. */
export interface Grammar {
  /** An expression of operators that bind at least as tightly as `minimum`. */
  readonly expression: (tokens: TokenStream, minimum: number) => Expression;
  readonly query: (tokens: TokenStream) => Query;
}

export class TokenStream {
  readonly #grammar: Grammar;
  readonly #tokens: Tokenizer;
  readonly #parameterNumbers: Map<string, number>;
  #parameters: (string | undefined)[];
  #nesting: number;
  #complaint: DbError | undefined;
  /** Levels of the expression that was parsed last. */
  height: number;
  /** Levels of the highest expression since this was last set. */
  tallest: number;
  /** How many calls of window functions there have been. */
  windows: number;
  /** The kind of trigger whose body this is; undefined outside of triggers. */
  trigger: "stored" | "temporary" | undefined;
  /** The text is one that a temporary schema keeps: a trigger is temporary without saying so. */
  isOfTemporary: boolean;

  constructor(text: string, grammar: Grammar) {
    this.#grammar = grammar;
    this.#tokens = new Tokenizer(text);
    this.#parameterNumbers = new Map();
    this.#parameters = [];
    this.#nesting = 0;
    this.#complaint = undefined;
    this.height = 0;
    this.tallest = 0;
    this.windows = 0;
    this.trigger = undefined;
    this.isOfTemporary = false;
  }

  get kind(): string {
    return this.#tokens.kind;
  }

  get start(): number {
    return this.#tokens.start;
  }

  /** Where the token before the current one ended. */
  get previousEnd(): number {
    return this.#tokens.previousEnd;
  }

  get text(): string {
    return this.#tokens.text;
  }

  /** The text of the current token. */
  get word(): string {
    return this.#tokens.text.slice(this.#tokens.start, this.#tokens.end);
  }

  /** The current token as a string or name, without quotes. */
  get value(): string {
    return this.#tokens.value();
  }

  /** Whether the current token is the name in `name.*`. */
  get isStarred(): boolean {
    return this.#tokens.isStarred;
  }

  /** Whether no statement follows the one that was parsed last. */
  get isSpent(): boolean {
    return this.#tokens.isSpent;
  }

  get parameterCount(): number {
    return this.#parameters.length;
  }

  advance(): void {
    if (this.#complaint !== undefined) {
      throw this.#complaint;
    }
    this.#tokens.advance();
  }

  /** Steps over the current token if it is of this kind. */
  take(kind: string): boolean {
    if (this.#tokens.kind === kind) {
      this.advance();
      return true;
    }
    return false;
  }

  expect(kind: string): void {
    if (this.#tokens.kind !== kind) {
      throw this.unexpected();
    }
    this.advance();
  }

  expression(minimum: number = 1): Expression {
    return this.#grammar.expression(this, minimum);
  }

  query(): Query {
    return this.#grammar.query(this);
  }

  /** Whether a query begins here, which is asked where something else could stand as well. */
  startsQuery(): boolean {
    const { kind } = this.#tokens;
    return kind === "SELECT" || kind === "VALUES" || kind === "WITH";
  }

  /** A name of a table or column: bare, quoted, or (SQLite allows it) a string. */
  name(): string {
    if (!this.isName()) {
      throw this.unexpected();
    }
    return this.#takeName();
  }

  isName(): boolean {
    const { kind } = this.#tokens;
    return kind === "name" || kind === "quoted" || kind === "string" || mayBeName(keywordClass(kind));
  }

  /** A bare or quoted name, or a keyword that may stand for one. */
  isIdentifier(): boolean {
    const { kind } = this.#tokens;
    return kind === "name" || kind === "quoted" || keywordClass(kind) === "fallback";
  }

  /** The name of a collation or a word of a type: an identifier or a string. */
  identifier(): string {
    if (!this.isIdentifier() && this.#tokens.kind !== "string") {
      throw this.unexpected();
    }
    return this.#takeName();
  }

  /** The alias after an expression or table, with or without AS. */
  alias(): string | undefined {
    if (this.take("AS")) {
      return this.name();
    }
    return this.isIdentifier() || this.#tokens.kind === "string" ? this.#takeName() : undefined;
  }

  /** Steps over the parameter that the current token is, and gives its number. */
  parameter(): number {
    const { word, start } = this;
    this.advance();
    const numbered = word.charCodeAt(0) === QUESTION_MARK && word.length > 1;
    const known = word === "?" ? undefined : this.#parameterNumbers.get(word);
    const index = known ?? (numbered ? Number(word.slice(1)) : this.#parameters.length + 1);
    if (index < 1 || index > MAX_PARAMETER) {
      this.complain(
        numbered ? `variable number must be between ?1 and ?${MAX_PARAMETER}` : "too many SQL variables",
        start,
      );
    } else if (REGISTER.test(word)) {
      this.complain(`near "${word}": syntax error`, start);
    } else if (known === undefined) {
      this.#addParameter(word, index);
    }
    return index;
  }

  /** The parameters since the last call: those of one statement. */
  takeParameters(): readonly (string | undefined)[] {
    const parameters = this.#parameters;
    this.#parameters = [];
    this.#parameterNumbers.clear();
    return parameters;
  }

  /** Goes down by `levels` of the stack; `leave` comes back up. */
  enter(levels: number): void {
    this.#nesting += levels;
    if (this.#nesting > MAX_NESTING) {
      throw this.invalid("Recursion limit");
    }
  }

  leave(levels: number): void {
    this.#nesting -= levels;
  }

  /** Notes the height of the expression just made. */
  raise(height: number): void {
    if (height > MAX_EXPRESSION_DEPTH) {
      this.complain(`Expression tree is too large (maximum depth ${MAX_EXPRESSION_DEPTH})`);
    }
    this.height = height;
  }

  /** Something is wrong with what was just parsed. */
  complain(message: string, at: number = this.#tokens.start): void {
    this.#complaint = this.invalid(message, at);
  }

  /** The statement is complete: what was complained of last is thrown. */
  settle(): void {
    if (this.#complaint !== undefined) {
      throw this.#complaint;
    }
  }

  unexpected(): DbError {
    const { kind, text, start, end } = this.#tokens;
    return this.invalid(kind === "end" ? "incomplete input" : `near ${quoteNear(text, start, end)}: syntax error`);
  }

  invalid(message: string, at: number = this.#tokens.start): DbError {
    return errorAt("INVALID", message, this.#tokens.text, at);
  }

  #addParameter(word: string, index: number): void {
    while (this.#parameters.length < index) {
      this.#parameters.push(undefined);
    }
    if (word !== "?") {
      this.#parameterNumbers.set(word, index);
      this.#parameters[index - 1] ??= word;
    }
  }

  #takeName(): string {
    const name = this.#tokens.value();
    this.advance();
    return name;
  }
}

function mayBeName(keyword: ReturnType<typeof keywordClass>): boolean {
  return keyword === "fallback" || keyword === "join";
}
