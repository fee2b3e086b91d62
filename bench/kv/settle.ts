/**
 * Lets the disk finish what was given to it: without this, hundreds of megabytes that one engine has left to the system to
 * write are in the way of the next one's first sync.
 */
import { execFileSync } from "node:child_process";

export function settleDisk(): void {
  if (process.platform !== "win32") {
    execFileSync("sync");
  }
}
