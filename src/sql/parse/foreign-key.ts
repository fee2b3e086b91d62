/** REFERENCES, of a column and of FOREIGN KEY. */
import type { ForeignKey, ReferenceAction } from "./ast/definition.ts";
import type { Name } from "./ast/query.ts";
import { parseColumnNames } from "./name.ts";
import type { TokenStream } from "./token-stream.ts";

export interface References {
  readonly table: string;
  readonly tableAt: number;
  readonly referenced: readonly Name[] | undefined;
  readonly onDelete: ReferenceAction;
  readonly onUpdate: ReferenceAction;
}

/** From REFERENCES on, up to DEFERRABLE. */
export function parseReferences(tokens: TokenStream): References {
  tokens.expect("REFERENCES");
  const tableAt = tokens.start;
  const table = tokens.name();
  const referenced = parseColumnNames(tokens);
  let onDelete: ReferenceAction = "no action";
  let onUpdate: ReferenceAction = "no action";
  for (;;) {
    if (tokens.take("MATCH")) {
      // SQLite reads it, and every match is a simple one.
      tokens.name();
    } else if (tokens.take("ON")) {
      const event = tokens.kind;
      if (event !== "INSERT" && event !== "DELETE" && event !== "UPDATE") {
        throw tokens.unexpected();
      }
      tokens.advance();
      const action = parseReferenceAction(tokens);
      onDelete = event === "DELETE" ? action : onDelete;
      onUpdate = event === "UPDATE" ? action : onUpdate;
    } else {
      return { table, tableAt, referenced, onDelete, onUpdate };
    }
  }
}

function parseReferenceAction(tokens: TokenStream): ReferenceAction {
  if (tokens.take("SET")) {
    if (tokens.take("NULL")) {
      return "set null";
    }
    tokens.expect("DEFAULT");
    return "set default";
  }
  if (tokens.take("NO")) {
    tokens.expect("ACTION");
    return "no action";
  }
  if (tokens.take("CASCADE")) {
    return "cascade";
  }
  tokens.expect("RESTRICT");
  return "restrict";
}

/** From DEFERRABLE, or NOT DEFERRABLE with the NOT behind: whether the key waits for the end of the transaction. */
export function parseDeferrable(tokens: TokenStream, negated: boolean): boolean {
  tokens.expect("DEFERRABLE");
  let deferred = false;
  if (tokens.take("INITIALLY")) {
    deferred = tokens.take("DEFERRED");
    if (!deferred) {
      tokens.expect("IMMEDIATE");
    }
  }
  return deferred && !negated;
}

/** The key that `columns` and what they reference make; `isColumn`: it is declared with its one column. */
export function foreignKeyOf(
  tokens: TokenStream,
  place: { readonly at: number; readonly name: string | undefined },
  columns: readonly Name[],
  references: References,
  isColumn: boolean,
): ForeignKey {
  const { table, referenced } = references;
  if (referenced !== undefined && referenced.length !== columns.length) {
    tokens.complain(
      isColumn
        ? `foreign key on ${columns[0]!.name} should reference only one column of table ${table}`
        : "number of columns in foreign key does not match the number of columns in the referenced table",
      place.at,
    );
  }
  return { kind: "foreign-key", ...place, columns, ...references, initiallyDeferred: false };
}
