/** Literals that are no strings: numbers, blobs, NULL, and the words for the current time. */
import type { Expression } from "./ast/query.ts";
import { quoteNear } from "./syntax-error.ts";
import type { TokenStream } from "./token-stream.ts";

const MAX_INT64 = 2n ** 63n - 1n;
const HEX_DIGITS = 16;

/** Without its minus sign it is beyond 64 bits, so the two are one literal. */
const LOWEST_DIGITS = "9223372036854775808";
export const LOWEST_INTEGER: bigint = -(2n ** 63n);

/** The literal that the current token is; undefined where it is none. */
export function parseLiteral(tokens: TokenStream): Expression | undefined {
  const at = tokens.start;
  const { kind } = tokens;
  if (kind === "grouped") {
    return parseGroupedNumber(tokens);
  }
  const literal = literalOf(tokens, kind, at);
  if (literal !== undefined) {
    tokens.advance();
  }
  return literal;
}

/** Whether the current token is what, with a minus sign before it, is the least of 64 bits. */
export function isLowestInteger(tokens: TokenStream): boolean {
  const { kind } = tokens;
  return (
    (kind === "integer" || kind === "grouped") && tokens.word.replaceAll("_", "").replace(/^0+/, "") === LOWEST_DIGITS
  );
}

function literalOf(tokens: TokenStream, kind: string, at: number): Expression | undefined {
  switch (kind) {
    case "integer":
    case "real":
      return numberOf(tokens, kind, tokens.word, at);
    case "blob":
      return { kind, at, value: new Uint8Array(Buffer.from(tokens.word.slice(2, -1), "hex")) };
    case "NULL":
      return { kind: "null", at };
    case "CURRENT_DATE":
      return { kind: "current", at, value: "date" };
    case "CURRENT_TIME":
      return { kind: "current", at, value: "time" };
    case "CURRENT_TIMESTAMP":
      return { kind: "current", at, value: "timestamp" };
    default:
      return undefined;
  }
}

/** Each underscore stands between two digits. */
function parseGroupedNumber(tokens: TokenStream): Expression {
  const { word, start: at } = tokens;
  const isHexadecimal = /^0x/i.test(word);
  const digit = isHexadecimal ? "[0-9a-fA-F]" : "[0-9]";
  if (new RegExp(`(?<!${digit})_|_(?!${digit})`).test(word)) {
    tokens.advance();
    tokens.complain(`unrecognized token: ${quoteNear(word, 0, word.length)}`, at);
    return { kind: "null", at };
  }
  const kind = isHexadecimal || !/[.e]/i.test(word) ? "integer" : "real";
  const number = numberOf(tokens, kind, word.replaceAll("_", ""), at);
  tokens.advance();
  return number;
}

/** Decimal integers beyond 64 bits are reals; hexadecimal ones wrap to a signed number, as in SQLite. */
function numberOf(tokens: TokenStream, kind: "integer" | "real", digits: string, at: number): Expression {
  const value = Number(digits);
  if (kind === "real" || value < Number.MAX_SAFE_INTEGER) {
    return { kind, at, value };
  }
  const exact = BigInt(digits);
  if (digits.charCodeAt(1) === 120 || digits.charCodeAt(1) === 88) {
    if (digits.replace(/^0[xX]0*/, "").length > HEX_DIGITS) {
      throw tokens.invalid(`hex literal too big: ${digits}`);
    }
    return { kind: "integer", at, value: canonicalInteger(BigInt.asIntN(64, exact)) };
  }
  return exact <= MAX_INT64 ? { kind: "integer", at, value: canonicalInteger(exact) } : { kind: "real", at, value };
}

/** A number where that is exact. */
function canonicalInteger(exact: bigint): number | bigint {
  const value = Number(exact);
  return Number.isSafeInteger(value) ? value : exact;
}
