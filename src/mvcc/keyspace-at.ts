/** What a pinned reader finds under a name: the keyspace that had it at the reader's commit, dropped since or not (M6). */
import { CATALOG_KEYSPACE, type Catalog, decodeDescription, encodeName, type KeyspaceInfo } from "./catalog.ts";
import type { View } from "./view.ts";

/** A copy: what becomes of the keyspace later is nothing to this reader. */
export function keyspaceAt(catalog: Catalog, view: View, name: string): KeyspaceInfo | undefined {
  if (view.point.commit >= catalog.changedAt) {
    const found = catalog.find(name);
    return found === undefined ? undefined : { ...found };
  }
  const key = encodeName(name);
  if (!view.get(CATALOG_KEYSPACE, key, 0, key.length)) {
    return undefined;
  }
  return decodeDescription(name, view.u8.slice(view.valueOffset, view.valueOffset + view.valueLength));
}
