/** How far a child process is, for the parent to show: a fill of ten million entries takes minutes. */
import { performance } from "node:perf_hooks";

export interface Told {
  readonly progress: string;
}

const INTERVAL_MS = 500;

let toldAt = 0;

/** Called as often as one likes, with no clock running. */
export function tell(what: string, done: number, total: number): void {
  if (process.send !== undefined && performance.now() - toldAt >= INTERVAL_MS) {
    toldAt = performance.now();
    const told: Told = { progress: `${what}, ${millions(done)} of ${millions(total)} M` };
    process.send(told);
  }
}

function millions(count: number): string {
  return (count / 1e6).toFixed(2);
}
