/** A list of u32 numbers that grows at its end and is cut there: 4 bytes a number, and up to half as much in reserve. */
const FIRST_CAPACITY = 8;

export class WordList {
  /** What lies at `length` and behind it says nothing. Replaced by a larger one as the list grows. */
  words: Uint32Array;
  length: number;

  constructor() {
    this.words = new Uint32Array(FIRST_CAPACITY);
    this.length = 0;
  }

  get memoryBytes(): number {
    return this.words.byteLength;
  }

  push(word: number): void {
    if (this.length === this.words.length) {
      const grown = new Uint32Array((this.length * 3) >>> 1);
      grown.set(this.words);
      this.words = grown;
    }
    this.words[this.length++] = word;
  }

  cutTo(length: number): void {
    this.length = length;
  }
}
