/** Amounts as people read them. */

/** `9.9 MB`: three digits at most, powers of 1000 as disks are sold. */
export function formatBytes(bytes: number): string {
  return bytes < 1000 ? `${Math.round(bytes)} B` : scaled(bytes, ["kB", "MB", "GB", "TB"]);
}

/** `312 k`, `1.3 M`. */
export function formatCount(count: number): string {
  return count < 1000 ? String(Math.round(count)) : scaled(count, ["k", "M", "G", "T"]);
}

function scaled(value: number, units: readonly string[]): string {
  let rest = value / 1000;
  let unit = 0;
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= 1000;
    unit++;
  }
  return `${rest < 9.95 ? rest.toFixed(1) : Math.round(rest)} ${units[unit]}`;
}

/** `0.4 ms`, `38 ms`, `1.7 s`, `42 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 9.95) {
    return `${durationMs.toFixed(1)} ms`;
  }
  if (durationMs < 999.5) {
    return `${Math.round(durationMs)} ms`;
  }
  const seconds = durationMs / 1000;
  if (seconds < 59.5) {
    return seconds < 9.95 ? `${seconds.toFixed(1)} s` : `${Math.round(seconds)} s`;
  }
  const minutes = Math.round(seconds / 60);
  if (seconds < 3600) {
    const wholeSeconds = Math.round(seconds);
    return `${Math.floor(wholeSeconds / 60)} min ${wholeSeconds % 60} s`;
  }
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `200,000`. */
export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

/** `1 row`, `200,000 rows`. */
export function counted(count: number, singular: string, plural: string = `${singular}s`): string {
  return `${grouped(count)} ${count === 1 ? singular : plural}`;
}
