/**
 * What this machine and this Node can do, found out without the code under test: a test that is skipped for want of it
 * fails wherever it is there.
 */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

/** Whether mmap-io was built for this Node. */
export function hasMmap(): boolean {
  try {
    createRequire(import.meta.url)("mmap-io");
    return true;
  } catch {
    return false;
  }
}

export interface Identity {
  readonly uid?: number;
  readonly gid?: number;
}

/** Whether a process of that identity can run this Node and read the module at `url`. */
export function canRead(url: string, identity: Identity): boolean {
  const program = `import { readFileSync } from "node:fs"; readFileSync(new URL(${JSON.stringify(url)}));`;
  const child = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { cwd: "/", ...identity });
  return child.error === undefined && child.status === 0;
}
