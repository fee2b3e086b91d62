/** Names of tables and columns: they compare without regard to ASCII case. */
import { keywordAt } from "../parse/keywords.ts";

export function foldName(name: string): string {
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code >= 65 && code <= 90) {
      return name.replace(/[A-Z]+/g, (part) => part.toLowerCase());
    }
  }
  // Nearly all names are in lower case already.
  return name;
}

/** Whether a name is one that is folded already. */
export function foldsTo(name: string, folded: string): boolean {
  if (name.length !== folded.length) {
    return false;
  }
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if ((code >= 65 && code <= 90 ? code + 32 : code) !== folded.charCodeAt(i)) {
      return false;
    }
  }
  return true;
}

/** A name as SQL takes it anywhere: in quotes, unless it is a plain word and none of SQL's own. */
export function quoteName(name: string): string {
  const isPlain = /^[a-z_][a-z0-9_]*$/i.test(name) && keywordAt(name, 0, name.length) === undefined;
  return isPlain ? name : `"${name.replaceAll('"', '""')}"`;
}

/** The element of this name. */
export function named<T extends { readonly name: string }>(list: readonly T[], name: string): T | undefined {
  const folded = foldName(name);
  return list.find((element) => foldsTo(element.name, folded));
}

/** As messages have it. */
export function fullName(schema: string | undefined, table: string | undefined, name: string): string {
  return [schema, table, name].filter((part) => part !== undefined).join(".");
}
