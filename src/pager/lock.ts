/**
 * Who holds a database: the one line in its LOCK file.
 *
 *     pid=4711 start=8325019 host=build-7 by=flock mode=exclusive
 *
 * With fs-ext the lock is `flock` on the LOCK file: the system drops it with its process, and the line only serves
 * the message of whoever finds it taken. Without, the line itself is the lock, and is believed until its process is
 * known to be gone: no process has the pid, or the one that has it started at another time. (Pids come back soon in
 * containers, where the server is often pid 1 at every start.) A line from another host is never taken for stale.
 *
 * What is read here is what both ways have in common; disk-directory.ts does the opening and writing.
 */
import { DbError } from "../errors.ts";
import type { LockMode } from "./disk.ts";

export interface Holder {
  readonly pid: number;
  /** What tells this process from another with its pid: field 22 of /proc/pid/stat; "0" where there is none. */
  readonly start: string;
  readonly host: string;
  readonly by: "flock" | "file";
  readonly mode: LockMode;
}

export function encodeHolder(holder: Holder): string {
  return `pid=${holder.pid} start=${holder.start} host=${holder.host} by=${holder.by} mode=${holder.mode}\n`;
}

/** Undefined for an empty or half-written line. */
export function decodeHolder(line: string): Holder | undefined {
  const match = /^pid=(\d+) start=(\d+) host=(\S+) by=(flock|file) mode=(exclusive|shared)\n/.exec(line);
  if (match === null) {
    return undefined;
  }
  const [, pid, start, host, by, mode] = match;
  return { pid: Number(pid), start: start!, host: host!, by: by as Holder["by"], mode: mode as LockMode };
}

/** Field 22 of /proc/pid/stat, counted after the program's name, which may hold spaces and brackets. */
export function startTimeIn(stat: string): string {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "0";
}

/** What the system knows of a pid: `running` and, where it can be had, its start time ("0": not known). */
export interface ProcessState {
  readonly running: boolean;
  readonly start: string;
}

/** Whether the process that wrote the line is certain to have ended. */
export function isGone(holder: Holder, ownHost: string, state: ProcessState): boolean {
  if (holder.host !== ownHost) {
    return false;
  }
  if (!state.running) {
    return true;
  }
  return holder.start !== "0" && state.start !== "0" && holder.start !== state.start;
}

export function lockedError(path: string, holder: Holder | undefined, ownHost: string): DbError {
  const who =
    holder === undefined
      ? "another process"
      : holder.pid === process.pid && holder.host === ownHost
        ? `this process (pid ${holder.pid})`
        : `process ${holder.pid}${holder.host === ownHost ? "" : ` on ${holder.host}`}`;
  const foreign =
    holder !== undefined && holder.host !== ownHost && holder.by === "file"
      ? `; if that process is certain to have ended, remove ${path}/LOCK`
      : "";
  return new DbError(
    "LOCKED",
    `${path} is open in ${who}; use that handle, close it, or send your requests to that process${foreign}`,
    { path, pid: holder?.pid, host: holder?.host },
  );
}

/** For whoever finds the guard there, for much longer than it takes to write a line. */
export function guardedError(guard: string, holder: Holder | undefined): DbError {
  const who = holder === undefined ? "a process that wrote no line to it" : `process ${holder.pid} on ${holder.host}`;
  return new DbError(
    "LOCKED",
    `the lock is being changed by ${who}, as ${guard} says; if that process is certain to have ended, remove that file`,
    { path: guard, pid: holder?.pid, host: holder?.host },
  );
}
