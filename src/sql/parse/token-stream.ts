/**
 * The tokens of a text as the parsers of statements and expressions read them: the current token, the steps
 * `take` (if it is that) and `expect` (it must be that), names, and what a statement collects while it is parsed: the
 * numbers of its parameters and the height of its expressions.
 *
 * Bounds, all SQLite's own: MAX_EXPRESSION_DEPTH levels of one expression, MAX_PARAMETER numbers of parameters. The
 * depth is counted while descending, and again as the height of the tree that comes out, since `1+1+1+…` makes a deep
 * tree without descending.
 */
import type { DbError } from "../../errors.ts";
import { keywordClass } from "./keywords.ts";
import { errorAt, quoteNear } from "./syntax-error.ts";
import { Tokenizer } from "./tokenizer.ts";

export const MAX_EXPRESSION_DEPTH = 1000;
export const MAX_PARAMETER = 32_766;

export class TokenStream {
  readonly #tokens: Tokenizer;
  readonly #parameterNumbers: Map<string, number>;
  #parameters: (string | undefined)[];
  #depth: number;
  /** Levels of the expression that was parsed last. */
  height: number;

  constructor(text: string) {
    this.#tokens = new Tokenizer(text);
    this.#parameterNumbers = new Map();
    this.#parameters = [];
    this.#depth = 0;
    this.height = 0;
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

  advance(): void {
    this.#tokens.advance();
  }

  reset(offset: number): void {
    this.#tokens.reset(offset);
  }

  /** Steps over the current token if it is of this kind. */
  take(kind: string): boolean {
    if (this.#tokens.kind === kind) {
      this.#tokens.advance();
      return true;
    }
    return false;
  }

  expect(kind: string): void {
    if (this.#tokens.kind !== kind) {
      throw this.unexpected();
    }
    this.#tokens.advance();
  }

  /** A name of a table or column: bare, quoted, or (SQLite allows it) a string. */
  name(): string {
    const { kind } = this.#tokens;
    if (!this.isIdentifier() && kind !== "string" && keywordClass(kind) !== "join") {
      throw this.unexpected();
    }
    return this.#takeName();
  }

  /** A bare or quoted name, or a keyword that may stand for one. */
  isIdentifier(): boolean {
    const { kind } = this.#tokens;
    return kind === "name" || kind === "quoted" || keywordClass(kind) === "fallback";
  }

  /** The alias after an expression or table, with or without AS. */
  alias(): string | undefined {
    if (this.take("AS")) {
      return this.name();
    }
    return this.isIdentifier() || this.#tokens.kind === "string" ? this.#takeName() : undefined;
  }

  /** The number of the parameter that the current token is. */
  parameter(): number {
    const { word } = this;
    const known = word === "?" ? undefined : this.#parameterNumbers.get(word);
    if (known !== undefined) {
      return known;
    }
    const numbered = word.charCodeAt(0) === 63 && word.length > 1;
    const index = numbered ? Number(word.slice(1)) : this.#parameters.length + 1;
    if (index < 1 || index > MAX_PARAMETER) {
      throw this.invalid(`parameters are numbered from ?1 to ?${MAX_PARAMETER}`);
    }
    while (this.#parameters.length < index) {
      this.#parameters.push(undefined);
    }
    if (word !== "?") {
      this.#parameterNumbers.set(word, index);
    }
    if (!numbered && word !== "?") {
      this.#parameters[index - 1] = word;
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

  descend(): void {
    if (++this.#depth > MAX_EXPRESSION_DEPTH) {
      this.#depth = 0;
      throw this.#tooDeep();
    }
  }

  ascend(): void {
    this.#depth--;
  }

  /** Notes the height of the expression just made. */
  raise(height: number): void {
    if (height > MAX_EXPRESSION_DEPTH) {
      throw this.#tooDeep();
    }
    this.height = height;
  }

  unexpected(): DbError {
    const { kind, text, start, end } = this.#tokens;
    return kind === "end"
      ? this.invalid("incomplete input: the statement ends too soon")
      : this.invalid(`syntax error near ${quoteNear(text, start, end)}`);
  }

  invalid(message: string, at: number = this.#tokens.start): DbError {
    return errorAt("INVALID", message, this.#tokens.text, at);
  }

  /** The construct is SQLite's, but not (yet) nacre's. */
  unsupported(construct: string, at: number = this.#tokens.start): DbError {
    return errorAt("UNSUPPORTED", `${construct} is not supported`, this.#tokens.text, at);
  }

  #takeName(): string {
    const name = this.#tokens.value();
    this.#tokens.advance();
    return name;
  }

  #tooDeep(): DbError {
    return this.invalid(`an expression may be ${MAX_EXPRESSION_DEPTH} levels deep`);
  }
}
