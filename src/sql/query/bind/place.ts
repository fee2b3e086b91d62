/** Places in definitions: CHECK, DEFAULT, generated columns, indexes. */

/** A part of a table's definition, where not everything may stand. */
export interface Place {
  /** As SQLite calls it: "CHECK constraints". */
  readonly name: string;
  /** What stands there must always give the same. */
  readonly isPure: boolean;
  /** As SQLite calls what rows are kept by: `date('now')` is an error there, when a row comes to it. */
  readonly keeper?: string;
  /** A column may not be named with its table there. */
  readonly hasNoDot?: boolean;
}
