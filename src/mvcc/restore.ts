/**
 * Restoring: a backup, proven whole, copied to where the database is to be.
 *
 * The backup is opened for reading only and checked from its metas to its last page before a byte is copied; copying
 * verifies each page once more. The backup itself is not changed, and can be restored as often as wanted. (A backup is a
 * database: it can as well be opened where it is.)
 */
import { type Disk, PAGE_SIZE } from "../pager/index.ts";
import { type BackupResult, backupTo, type CopyProgress, openTarget } from "./backup.ts";
import { checkStore } from "./check.ts";
import { open } from "./database.ts";
import type { Store } from "./store.ts";

export interface RestoreOptions {
  /** Ends it; what was copied is removed and the signal's reason thrown. */
  readonly signal?: AbortSignal;
  /** Told of bytes checked and bytes copied: the total is twice the size of the backup. */
  readonly onProgress?: (progress: CopyProgress) => void;
}

/** Copies the database in `backupPath` to `path`, a new or empty directory. Throws INVALID, CORRUPT, READONLY, IO, FULL. */
export async function restore(backupPath: string, path: string, options: RestoreOptions = {}): Promise<BackupResult> {
  using source = open(backupPath, { readOnly: true, create: false });
  return await restoreTo(source.store, openTarget(path), options);
}

/** The same from a backup that is open, to read only, onto any disk. */
export async function restoreTo(store: Store, target: Disk, options: RestoreOptions = {}): Promise<BackupResult> {
  const { signal, onProgress = () => {} } = options;
  const aborting = signal === undefined ? {} : { signal };
  const backupBytes = (store.checkpointer.meta.pageCount - store.checkpointer.stats().pagesFree) * PAGE_SIZE;
  const tell = (doneBytes: number) => onProgress({ doneBytes, totalBytes: 2 * backupBytes });
  await checkStore(store, { ...aborting, onProgress: (share) => tell(Math.floor(share * backupBytes)) });
  return await backupTo(store, target, {
    ...aborting,
    onProgress: ({ doneBytes }) => tell(backupBytes + doneBytes),
  });
}
