/**
 * Bulk load in one synchronous stretch: of a new keyspace, a B+tree, that nobody has written to, while nothing else happens.
 *
 *     keyspace made, by a commit of its own ─▶ page space held ─▶ tree built ─▶ commit "loaded" in the log ─▶ meta page
 *
 * What load.ts says of crashes holds here, too, but memtables are not moved to pages first: no operation on the keyspace is in any.
 * So the tree may be there before the pages know its keyspace, and a checkpoint of older memtables leaves it alone
 * (`newKeyspacesFrom` in checkpoint-job.ts).
 */
import { assert } from "../assert.ts";
import type { KeyspaceInfo } from "./catalog.ts";
import { type LoadTarget, targetFor } from "./load-target.ts";
import type { Store } from "./store.ts";

/**
 * `make` gives the new keyspace, `fill` adds its entries, in ascending order. Undefined: the page space is somebody else's, and
 * nothing was done. Where it throws the keyspace may be there, empty.
 */
export function loadNow(
  store: Store,
  make: () => KeyspaceInfo,
  fill: (target: LoadTarget) => void,
): KeyspaceInfo | undefined {
  store.writer.checkAlone();
  const job = store.checkpointer.pageSpace.holdNow();
  if (job === undefined) {
    return undefined;
  }
  try {
    const info = make();
    assert(info.lsm === undefined, "M2: runs of a keyspace that a checkpoint does not know would not be looked after");
    const target = targetFor(store, info, job);
    fill(target);
    if (target.count > 0) {
      target.finish();
      store.checkpointer.pageSpace.install(job, () => store.commitLoad(info));
    }
    return info;
  } finally {
    store.checkpointer.pageSpace.letGo();
  }
}
