/**
 * From an error of the operating system to a DbError that says what failed, where, and what to do.
 *
 *   ENOSPC EDQUOT EFBIG           FULL      there was no room; nothing that was acknowledged is lost
 *   EROFS EACCES EPERM, writing   READONLY  this directory takes no writes from this process
 *   anything else                 IO        the system's own words, and the cause attached
 */
import { DbError, type DbErrorCode } from "../errors.ts";

const NO_ROOM: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
const NOT_ALLOWED: ReadonlySet<string> = new Set(["EROFS", "EACCES", "EPERM"]);

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: "free some space on this disk, then try again",
  EDQUOT: "the disk quota is used up: free some space or have it raised, then try again",
  EFBIG: "the file system or `ulimit -f` does not allow files of this size",
  EROFS: "the file system is mounted read-only: remount it, or open with { readOnly: true }",
  EACCES: "check the owner and permissions of the directory, or open with { readOnly: true }",
  EPERM: "check the owner and permissions of the directory, or open with { readOnly: true }",
  EMFILE: "the process has too many open files: raise `ulimit -n`",
  ENFILE: "the system has too many open files",
  EIO: "the disk reported a failure: check its health, and restore from a backup if the file is damaged",
  ENOENT: "the file was removed or the path is wrong",
  ESTALE: "the network file system lost the file: open the database again",
};

/** The DbError for `cause`, thrown by the system while it was to do `operation` on `path`. */
export function diskError(operation: string, path: string, cause: unknown, writing: boolean): DbError {
  const system = systemCodeOf(cause);
  const advice = ADVICE[system] ?? "see the cause";
  const said = cause instanceof Error ? cause.message : String(cause);
  return new DbError(
    codeFor(system, writing),
    `cannot ${operation} ${path}: ${said}; ${advice}`,
    { path, operation, system },
    { cause },
  );
}

/** "ENOSPC", "EIO" and the like; the empty string where `cause` is no system error. */
export function systemCodeOf(cause: unknown): string {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  return typeof code === "string" ? code : "";
}

export function readOnlyError(operation: string, path: string): DbError {
  return new DbError("READONLY", `cannot ${operation} ${path}: opened with { readOnly: true }; open it for writing`, {
    path,
    operation,
  });
}

function codeFor(system: string, writing: boolean): DbErrorCode {
  if (NO_ROOM.has(system)) {
    return "FULL";
  }
  return writing && NOT_ALLOWED.has(system) ? "READONLY" : "IO";
}
