/**
 * The two native modules, which are optional, and loaded when they are first needed.
 *
 *   mmap-io   maps page files, and asks for huge pages. Its binding is loaded from where its installer puts it: 1 ms, where its
 *             own loader takes 49. Not on Windows, which cannot map more than the file has.
 *   fs-ext    flock.
 */
import { createRequire } from "node:module";

export interface Mapper {
  readonly PROT_READ: number;
  readonly MAP_SHARED: number;
  map(lengthBytes: number, protection: number, flags: number, descriptor: number, offset: number): Uint8Array;
  /** madvise; throws an Error where the system refuses. */
  advise(memory: Buffer, offset: number, lengthBytes: number, advice: number): void;
}

export type Flock = (descriptor: number, flags: "exnb" | "shnb" | "un") => void;

/** Undefined until first asked for, null where the module is not to be had. */
let mapper: Mapper | null | undefined;
let flockModule: Flock | null | undefined;

export function loadMapper(): Mapper | undefined {
  if (mapper === undefined) {
    mapper = process.platform === "win32" ? null : (requireFirst<Mapper>(mapperPaths()) ?? null);
  }
  return mapper ?? undefined;
}

export function loadFlock(): Flock | undefined {
  if (flockModule === undefined) {
    const loaded = process.platform === "win32" ? undefined : requireFirst<{ readonly flockSync: Flock }>(["fs-ext"]);
    flockModule = loaded?.flockSync ?? null;
  }
  return flockModule ?? undefined;
}

function mapperPaths(): string[] {
  const platform = `node-v${process.versions.modules}-${process.platform}-${process.arch}`;
  return [`mmap-io/build/binding/Release/${platform}/mmap_io.node`, "mmap-io"];
}

function requireFirst<T>(candidates: readonly string[]): T | undefined {
  const require = createRequire(import.meta.url);
  for (const candidate of candidates) {
    try {
      return require(candidate) as T;
    } catch {
      // Not installed, not built, or built for another Node: the next candidate or the fallback serves.
    }
  }
  return undefined;
}
