/** Where results go: the console, or a file that `.output` has named. */
import { closeSync, openSync, writeSync } from "node:fs";
import { DbError } from "../errors.ts";
import { PLAIN, type Style } from "./style.ts";

export interface Output {
  /** Columns of the terminal that it is; undefined where it is none. */
  readonly width: number | undefined;
  readonly style: Style;
  write(text: string): void;
  /** Lines with names or values of a database in them; a terminal gets nothing that it would act upon. */
  writeData(text: string): void;
}

const PIECE_LENGTH = 64 * 1024;

export class FileOutput implements Output {
  readonly width: undefined;
  readonly style: Style;
  readonly path: string;
  readonly #file: number;
  #pending: string;

  /** Makes the file, or empties the one that there is. */
  constructor(path: string) {
    this.path = path;
    this.width = undefined;
    this.style = PLAIN;
    this.#pending = "";
    try {
      this.#file = openSync(path, "w");
    } catch (cause) {
      throw new DbError("IO", `cannot write to ${path}: ${(cause as Error).message}`, { path }, { cause });
    }
  }

  write(text: string): void {
    this.#pending += text;
    if (this.#pending.length >= PIECE_LENGTH) {
      this.flush();
    }
  }

  writeData(text: string): void {
    this.write(text);
  }

  flush(): void {
    const bytes = Buffer.from(this.#pending);
    this.#pending = "";
    for (let offset = 0; offset < bytes.length; ) {
      offset += writeSync(this.#file, bytes, offset);
    }
  }

  close(): void {
    this.flush();
    closeSync(this.#file);
  }
}
