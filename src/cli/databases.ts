/** The databases of the command line are those of the library. */
import { DbError } from "../errors.ts";
import type { Database, DatabaseAccess } from "./database.ts";

export const databases: DatabaseAccess = {
  open(path: string): Database {
    throw new DbError("UNSUPPORTED", `${path}: the storage core is not wired to the command line yet`);
  },
};
