/**
 * One number for the schema versions of several databases: another one whenever that of one of them is another. They are negative,
 * so that none is one of main's, which counts before there are others.
 */
import type { KeyspaceReader } from "../storage.ts";

/** No number comes twice in a process: prepared statements may be handed from session to session. −1 is nobody's. */
let next = -2;
const MOST_KNOWN = 256;

export class SchemaVersions {
  readonly #known: Map<string, number>;
  #last: { readonly versions: readonly (number | undefined)[]; readonly number: number } | undefined;

  constructor() {
    this.#known = new Map();
    this.#last = undefined;
  }

  of(readers: readonly (KeyspaceReader | undefined)[]): number {
    const last = this.#last;
    if (last !== undefined && isSame(last.versions, readers)) {
      return last.number;
    }
    const versions = readers.map((reader) => reader?.schemaVersion);
    const number = this.#numberOf(versions.join());
    this.#last = { versions, number };
    return number;
  }

  /** Databases come or go: a number of the same versions does not mean the same. */
  forget(): void {
    this.#known.clear();
    this.#last = undefined;
  }

  #numberOf(versions: string): number {
    const known = this.#known.get(versions);
    if (known !== undefined) {
      return known;
    }
    if (this.#known.size === MOST_KNOWN) {
      this.#known.clear();
    }
    const number = next--;
    this.#known.set(versions, number);
    return number;
  }
}

function isSame(versions: readonly (number | undefined)[], readers: readonly (KeyspaceReader | undefined)[]): boolean {
  if (versions.length !== readers.length) {
    return false;
  }
  for (let database = 0; database < versions.length; database++) {
    if (versions[database] !== readers[database]?.schemaVersion) {
      return false;
    }
  }
  return true;
}
