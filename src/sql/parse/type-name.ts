/** The type of a column or of CAST: words, and one or two numbers in parentheses. */
import type { TokenStream } from "./token-stream.ts";

/** As written, or without its quotes where it begins with one; undefined where there is none. */
export function parseTypeName(tokens: TokenStream): string | undefined {
  const { start, kind, value } = tokens;
  while (tokens.isIdentifier() || tokens.kind === "string") {
    tokens.advance();
  }
  if (tokens.start === start) {
    return undefined;
  }
  if (tokens.take("(")) {
    parseSignedNumber(tokens);
    if (tokens.take(",")) {
      parseSignedNumber(tokens);
    }
    tokens.expect(")");
  }
  return kind === "string" || kind === "quoted" ? value : tokens.text.slice(start, tokens.previousEnd);
}

/** A number with an optional sign, as written but for the plus. */
export function parseSignedNumber(tokens: TokenStream): string {
  const sign = tokens.take("-") ? "-" : "";
  if (sign === "") {
    tokens.take("+");
  }
  const { kind, word } = tokens;
  if (kind !== "integer" && kind !== "real") {
    throw tokens.unexpected();
  }
  tokens.advance();
  return sign + word;
}
