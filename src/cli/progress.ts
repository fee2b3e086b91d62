/**
 * How far something long has come, drawn on one line of the terminal.
 *
 *   flights.json   58 %   ━━━━━━━━━━━━━━──────────   5.7 MB of 9.9 MB   312 k rows/s   4.1 s left
 *
 * The line is drawn on the error stream at most ten times a second, and wiped when the work ends; where there is no
 * terminal, nothing is drawn. Whoever did the work prints its own closing line, so that a log reads the same
 * with and without a terminal. The rate is that of the last seconds, since the beginning tells little about the rest.
 */
import { formatBytes, formatCount, formatDuration } from "./amounts.ts";
import type { Console } from "./console.ts";
import { cutToWidth, displayWidth, printable } from "./width.ts";

const REDRAW_MS = 100;
const BAR_WIDTH = 24;
/** The rate is measured over so long a time. */
const RATE_WINDOW_MS = 5000;
/** Before that an estimate is a guess. */
const MIN_ESTIMATE_MS = 1000;
const CLEAR_LINE = "\r\x1b[K";

export interface ProgressOptions {
  readonly label: string;
  /** Of the whole work, in `done`'s unit; `undefined` where it is not known, or known only later. */
  readonly total: number | undefined;
  /** What `done` counts. */
  readonly unit: "bytes" | "entries" | "pages";
  /** What `items` counts, in the plural. */
  readonly itemName?: string;
}

interface Mark {
  readonly atMs: number;
  readonly done: number;
  readonly items: number;
}

export class Progress {
  #console: Console;
  #options: ProgressOptions;
  #label: string;
  #startMs: number;
  #drawnMs: number;
  #marks: Mark[];

  constructor(console: Console, options: ProgressOptions) {
    this.#console = console;
    this.#options = options;
    this.#label = printable(options.label);
    this.#startMs = console.clock.now();
    this.#drawnMs = Number.NEGATIVE_INFINITY;
    this.#marks = [{ atMs: this.#startMs, done: 0, items: 0 }];
  }

  /** `done` of `total`, with `items` of whatever is made on the way. Cheap enough for every batch. */
  update(done: number, items = 0, total: number | undefined = this.#options.total): void {
    const now = this.#console.clock.now();
    if (now - this.#drawnMs < REDRAW_MS) {
      return;
    }
    const width = this.#console.drawingWidth;
    if (width === undefined) {
      return;
    }
    this.#drawnMs = now;
    this.#marks.push({ atMs: now, done, items });
    while (this.#marks.length > 2 && now - this.#marks[1]!.atMs >= RATE_WINDOW_MS) {
      this.#marks.shift();
    }
    this.#console.writeError(CLEAR_LINE + this.#line({ atMs: now, done, items }, total, width - 1));
  }

  /** Wipes the line. */
  end(): void {
    if (this.#drawnMs !== Number.NEGATIVE_INFINITY) {
      this.#console.writeError(CLEAR_LINE);
    }
  }

  #line({ atMs: now, done, items }: Mark, total: number | undefined, width: number): string {
    const { unit, itemName } = this.#options;
    const oldest = this.#marks[0]!;
    const seconds = Math.max(1e-3, (now - oldest.atMs) / 1000);
    const doneRate = (done - oldest.done) / seconds;
    const parts: string[] = [];
    if (total !== undefined && total > 0) {
      const fraction = Math.min(1, done / total);
      parts.push(`${String(Math.floor(fraction * 100)).padStart(3)} %`, this.#bar(fraction));
    }
    parts.push(amount(done, total, unit));
    if (itemName !== undefined) {
      parts.push(`${formatCount((items - oldest.items) / seconds)} ${itemName}/s`);
    } else {
      parts.push(unit === "bytes" ? `${formatBytes(doneRate)}/s` : `${formatCount(doneRate)}/s`);
    }
    if (total !== undefined && doneRate > 0 && now - this.#startMs >= MIN_ESTIMATE_MS) {
      parts.push(`${formatDuration(Math.max(0, (total - done) / doneRate) * 1000)} left`);
    }
    return fitParts(this.#label, parts, width);
  }

  #bar(fraction: number): string {
    const filled = Math.round(fraction * BAR_WIDTH);
    const { green, dim } = this.#console.errorStyle;
    return green("━".repeat(filled)) + dim("─".repeat(BAR_WIDTH - filled));
  }
}

/** Leaves out parts from the end until the rest fits; the label is cut last. */
function fitParts(label: string, parts: readonly string[], width: number): string {
  for (let count = parts.length; count > 0; count--) {
    const rest = `  ${parts.slice(0, count).join("   ")}`;
    const room = width - visibleWidth(rest);
    if (room >= Math.min(displayWidth(label), 12)) {
      return cutToWidth(label, room) + rest;
    }
  }
  return cutToWidth(label, width);
}

function visibleWidth(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how a colour is switched
  return displayWidth(text.replace(/\x1b\[[0-9;]*m/g, ""));
}

function amount(done: number, total: number | undefined, unit: ProgressOptions["unit"]): string {
  const format = unit === "bytes" ? formatBytes : formatCount;
  return total === undefined ? format(done) : `${format(done)} of ${format(total)}`;
}
