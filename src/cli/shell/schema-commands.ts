/** Dot commands that tell what there is in the database. */
import { DbError } from "../../errors.ts";
import type { SchemaObject } from "../database.ts";
import { atMostOne, type DotCommand, withSemicolon } from "./dot-command.ts";
import { dumpTables } from "./dump-tables.ts";
import type { ShellSession } from "./session.ts";

export const SCHEMA_COMMANDS: readonly DotCommand[] = [
  {
    name: ".databases",
    parameters: "",
    summary: "the name of the database, its directory, and whether it can be written",
    async run(session) {
      session.output.writeData(`main: ${session.path} ${session.isReadOnly ? "r/o" : "r/w"}\n`);
    },
  },
  {
    name: ".dump",
    parameters: "[PATTERN]",
    summary: "the statements that make the tables of these names, or all, with their rows",
    async run(session, parameters) {
      await dumpTables(session, matcher(atMostOne(".dump", "one pattern", parameters)));
    },
  },
  {
    name: ".indexes",
    parameters: "[TABLE]",
    summary: "the names of the indexes, or of those of one table",
    async run(session, parameters) {
      const isMeant = matcher(atMostOne(".indexes", "one table", parameters));
      writeNames(
        session,
        session.sql.schema().filter(({ type, table }) => type === "index" && isMeant(table)),
      );
    },
  },
  {
    name: ".schema",
    parameters: "[PATTERN]",
    summary: "the statements that make what there is, or what has such a name (LIKE)",
    async run(session, parameters) {
      const pattern = atMostOne(".schema", "one pattern", parameters);
      const isMeant = matcher(pattern);
      const meant = session.sql.schema().filter(({ name, table }) => isMeant(name) || isMeant(table));
      if (pattern !== undefined && meant.length === 0) {
        throw new DbError("INVALID", `there is no table ${pattern}; .tables lists them`);
      }
      for (const { sql } of meant) {
        if (sql !== null) {
          session.output.writeData(`${withSemicolon(sql)}\n`);
        }
      }
    },
  },
  {
    name: ".tables",
    parameters: "[PATTERN]",
    summary: "the names of the tables and views",
    async run(session, parameters) {
      const isMeant = matcher(atMostOne(".tables", "one pattern", parameters));
      writeNames(
        session,
        session.sql.schema().filter(({ type, name }) => (type === "table" || type === "view") && isMeant(name)),
      );
    },
  },
];

function writeNames(session: ShellSession, objects: readonly SchemaObject[]): void {
  for (const name of objects.map((object) => object.name).sort()) {
    session.output.writeData(`${name}\n`);
  }
}

/** Whether a name is like a pattern: `%` stands for any text, `_` for any character. */
function matcher(pattern: string | undefined): (name: string) => boolean {
  if (pattern === undefined) {
    return () => true;
  }
  const escaped = pattern.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const expression = new RegExp(`^${escaped.replaceAll("%", ".*").replaceAll("_", ".")}$`, "isu");
  return (name) => expression.test(name) || name.toLowerCase() === pattern.toLowerCase();
}
