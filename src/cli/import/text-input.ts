/**
 * The text of a file, chunk by chunk, with its beginning to be looked at before it is read.
 *
 * A pull source on purpose: whoever reads decides when the next chunk is fetched, so that a slow disk under the table
 * holds the file back instead of filling memory.
 */
import { TextDecoding } from "./text-decoding.ts";

export class TextInput {
  #chunks: AsyncIterator<Uint8Array>;
  #decoding: TextDecoding;
  #bytesRead: number;
  #isDecoded: boolean;
  #putBack: string;

  constructor(chunks: AsyncIterable<Uint8Array>, name: string) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#decoding = new TextDecoding(name);
    this.#bytesRead = 0;
    this.#isDecoded = false;
    this.#putBack = "";
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** The next piece of text, perhaps empty; `undefined` at the end. */
  async next(): Promise<string | undefined> {
    if (this.#putBack !== "") {
      const text = this.#putBack;
      this.#putBack = "";
      return text;
    }
    if (this.#isDecoded) {
      return undefined;
    }
    const chunk = await this.#chunks.next();
    if (chunk.done === true) {
      this.#isDecoded = true;
      return this.#decoding.end();
    }
    this.#bytesRead += chunk.value.byteLength;
    return this.#decoding.push(chunk.value);
  }

  /** The beginning of the text, at least `length` of it unless the file is shorter. It will be read again. */
  async peek(length: number): Promise<{ readonly text: string; readonly isWhole: boolean }> {
    let text = "";
    while (text.length < length) {
      const more = await this.next();
      if (more === undefined) {
        this.#putBack = text;
        return { text, isWhole: true };
      }
      text += more;
    }
    this.#putBack = text;
    return { text, isWhole: false };
  }
}
