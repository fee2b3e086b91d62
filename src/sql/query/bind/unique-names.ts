/** The names of a query's columns as those of a table, where each comes once: a second `x` is `x:1`. */
import { foldName } from "../../catalog/name.ts";

export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let unique = name;
    for (let count = 1; taken.has(foldName(unique)); count++) {
      unique = `${name.replace(/:\d*$/, "")}:${count}`;
    }
    taken.add(foldName(unique));
    return unique;
  });
}
