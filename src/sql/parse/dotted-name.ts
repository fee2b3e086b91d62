/** The parts of a name with points between them, in a text in which it has been parsed before. */
import { Tokenizer } from "./tokenizer.ts";

/** Where each part begins of the name that begins at `at`. */
export function partsOfName(text: string, at: number): readonly number[] {
  const tokens = new Tokenizer(text, at);
  const parts = [tokens.start];
  for (tokens.advance(); tokens.kind === "."; tokens.advance()) {
    tokens.advance();
    parts.push(tokens.start);
  }
  return parts;
}
