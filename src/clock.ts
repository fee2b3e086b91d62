/** The seam to time: everything that asks for the hour or waits gets a Clock, so that a simulation can own it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Calls back once after `delayMs`; the returned function cancels. Keeps the process alive only if told to. */
  after(delayMs: number, callback: () => void, keepsAlive?: boolean): () => void;
}

/** Milliseconds, in fractions, since the process began: for durations of a fraction of a millisecond. */
export function stopwatch(): number {
  return performance.now();
}

/** The longest delay that a Node timer takes; a longer one would fire at once. */
const MAX_TIMER_DELAY_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: Date.now,
  after(delayMs: number, callback: () => void, keepsAlive = false): () => void {
    const timer = setTimeout(callback, Math.min(delayMs, MAX_TIMER_DELAY_MS));
    if (!keepsAlive) {
      timer.unref();
    }
    return () => clearTimeout(timer);
  },
};

/** Keeps the process from ending while somebody awaits what only a worker or an unreferenced timer will bring. */
export async function keepingAlive<T>(clock: Clock, awaited: Promise<T>): Promise<T> {
  const letGo = clock.after(MAX_TIMER_DELAY_MS, () => {}, true);
  try {
    return await awaited;
  } finally {
    letGo();
  }
}

/** Lets everything else that waits for the event loop go first: long work calls it every few milliseconds. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
