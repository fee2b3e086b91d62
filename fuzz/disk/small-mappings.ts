/** A disk whose mappings are small, so that a fuzzer can afford one a database: 16 MiB where 1 GiB was asked for. */
import type { Disk, DiskFile, LockMode, OpenMode } from "../../src/pager/index.ts";

const MAPPING_BYTES = 16 * 1024 * 1024;

export class SmallMappings implements Disk {
  readonly path: string;
  readonly worker: undefined = undefined;
  readonly #inner: Disk;

  constructor(inner: Disk) {
    this.path = inner.path;
    this.#inner = inner;
  }

  list(): string[] {
    return this.#inner.list();
  }

  open(name: string, mode: OpenMode): DiskFile {
    const file = this.#inner.open(name, mode);
    return {
      name: file.name,
      read: (into, intoOffset, lengthBytes, position) => file.read(into, intoOffset, lengthBytes, position),
      write: (from, fromOffset, lengthBytes, position) => file.write(from, fromOffset, lengthBytes, position),
      sync: () => file.sync(),
      syncSoon: () => file.syncSoon(),
      syncAhead: () => file.syncAhead(),
      truncate: (sizeBytes) => file.truncate(sizeBytes),
      sizeBytes: () => file.sizeBytes(),
      map: (lengthBytes) => file.map(Math.min(lengthBytes, MAPPING_BYTES)),
      close: () => file.close(),
    };
  }

  remove(name: string): void {
    this.#inner.remove(name);
  }

  rename(from: string, to: string): void {
    this.#inner.rename(from, to);
  }

  syncDirectory(): void {
    this.#inner.syncDirectory();
  }

  lock(mode: LockMode): void {
    this.#inner.lock(mode);
  }

  unlock(): void {
    this.#inner.unlock();
  }
}
