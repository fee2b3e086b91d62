/**
 * A table in a box, for rows that arrive one by one.
 *
 *   ┌──────┬──────────────────┬───────┐
 *   │ iata │ name             │ miles │
 *   ├──────┼──────────────────┼───────┤
 *   │ 00M  │ Thigpen          │ 31.95 │
 *   │ 01G  │ Perry-Warsaw Ai… │  NULL │
 *   └──────┴──────────────────┴───────┘
 *
 * or in another frame: of ASCII, of nothing but a rule, or of Markdown.
 *
 * The first SAMPLE_ROWS rows are held back to measure the columns; from then on every row is printed as it comes, so that
 * a table of any length takes the same memory. A column is aligned to the right if its values are numbers.
 *
 * On a terminal the table fits its width. Numbers keep their digits; the columns of text share the rest fairly: none is cut
 * while another that is cut is narrower. Where even the narrowest columns do not fit, the last ones are left out and a line
 * under the table names them. Without a terminal there is no width, and nothing is cut: a later row that is wider
 * than the sample sticks out, since whoever reads a pipe wants the data.
 */
import type { SqlValue } from "./database.ts";
import type { Style } from "./style.ts";
import { cutToWidth, displayWidth, padToWidth, printable } from "./width.ts";

export const SAMPLE_ROWS = 500;

/** A column of text may be cut to this; below it nothing can be read. */
const MIN_TEXT_WIDTH = 8;
/** A column takes its width and this: the line before it and a space on either side. */
const COLUMN_FRAME_WIDTH = 3;
const TABLE_FRAME_WIDTH = 1;

interface Rule {
  readonly left: string;
  readonly line: string;
  readonly between: string;
  readonly right: string;
}

export interface Frame {
  readonly top: Rule | undefined;
  readonly middle: Rule | undefined;
  readonly bottom: Rule | undefined;
  /** Around and between the cells. */
  readonly left: string;
  readonly between: string;
  readonly right: string;
  /** Whether the rule under the titles says how columns are aligned. */
  readonly isMarkdown: boolean;
}

const ASCII_RULE: Rule = { left: "+-", line: "-", between: "-+-", right: "-+" };

export const FRAMES: Readonly<Record<"box" | "table" | "column" | "markdown", Frame>> = {
  box: {
    top: { left: "┌─", line: "─", between: "─┬─", right: "─┐" },
    middle: { left: "├─", line: "─", between: "─┼─", right: "─┤" },
    bottom: { left: "└─", line: "─", between: "─┴─", right: "─┘" },
    left: "│ ",
    between: " │ ",
    right: " │",
    isMarkdown: false,
  },
  table: {
    top: ASCII_RULE,
    middle: ASCII_RULE,
    bottom: ASCII_RULE,
    left: "| ",
    between: " | ",
    right: " |",
    isMarkdown: false,
  },
  column: {
    top: undefined,
    middle: { left: "", line: "-", between: "  ", right: "" },
    bottom: undefined,
    left: "",
    between: "  ",
    right: "",
    isMarkdown: false,
  },
  markdown: {
    top: undefined,
    middle: { left: "| ", line: "-", between: " | ", right: " |" },
    bottom: undefined,
    left: "| ",
    between: " | ",
    right: " |",
    isMarkdown: true,
  },
};

export interface TableOptions {
  readonly frame?: Frame;
  /** Whether titles are shown; true unless given. */
  readonly hasTitles?: boolean;
  /** What NULL is shown as. */
  readonly nullText?: string;
  /** Terminal columns to fit into; `undefined`: as wide as it comes. */
  readonly width: number | undefined;
  readonly style: Style;
  /** Takes whole lines, line end included. */
  readonly write: (text: string) => void;
}

interface Layout {
  /** One for each column shown; there may be fewer than the table has. */
  readonly widths: readonly number[];
  readonly isNumeric: readonly boolean[];
}

export class Table {
  #titles: readonly string[];
  #options: TableOptions;
  #frame: Frame;
  #nullText: string;
  #sample: (readonly SqlValue[])[];
  #layout: Layout | undefined;

  constructor(titles: readonly string[], options: TableOptions) {
    const { frame = FRAMES.box, nullText = "NULL" } = options;
    this.#titles = titles.map((title) => inFrame(printable(title), frame));
    this.#options = options;
    this.#frame = frame;
    this.#nullText = nullText;
    this.#sample = [];
    this.#layout = undefined;
  }

  add(row: readonly SqlValue[]): void {
    if (this.#layout !== undefined) {
      this.#printRow(this.#layout, row);
      return;
    }
    this.#sample.push(row);
    if (this.#sample.length === SAMPLE_ROWS) {
      this.#start();
    }
  }

  /** Prints what is held back and the lower edge. */
  end(): void {
    const layout = this.#layout ?? this.#start();
    this.#printRule(layout, this.#frame.bottom);
    const hidden = this.#titles.slice(layout.widths.length);
    if (hidden.length > 0) {
      const { style, write } = this.#options;
      const note = `not shown, for lack of width: ${hidden.join(", ")} (.mode json has them all)`;
      write(`${style.dim(note)}\n`);
    }
  }

  #start(): Layout {
    const texts = (row: readonly SqlValue[]): string[] => row.map((value) => this.#text(value));
    const hasTitles = this.#options.hasTitles !== false;
    const names = hasTitles ? this.#titles : this.#titles.map(() => "");
    const layout = layOut(names, this.#sample, texts, this.#options.width);
    this.#layout = layout;
    this.#printRule(layout, this.#frame.top);
    if (hasTitles) {
      this.#printLine(layout, this.#titles, undefined);
      this.#printRule(layout, this.#frame.middle);
    }
    for (const row of this.#sample) {
      this.#printRow(layout, row);
    }
    this.#sample = [];
    return layout;
  }

  #text(value: SqlValue): string {
    return value === null ? this.#nullText : inFrame(cellText(value), this.#frame);
  }

  #printRule({ widths, isNumeric }: Layout, rule: Rule | undefined): void {
    if (rule === undefined) {
      return;
    }
    const { style, write } = this.#options;
    const lines = widths.map((width, column) => {
      const isAligned = this.#frame.isMarkdown && isNumeric[column];
      return isAligned ? `${rule.line.repeat(Math.max(0, width - 1))}:` : rule.line.repeat(width);
    });
    write(`${style.dim(rule.left + lines.join(rule.between) + rule.right)}\n`);
  }

  #printRow(layout: Layout, row: readonly SqlValue[]): void {
    this.#printLine(
      layout,
      row.map((value) => this.#text(value)),
      row,
    );
  }

  /** `row`: the values that the cells show; `undefined` for the titles. */
  #printLine(layout: Layout, cells: readonly string[], row: readonly SqlValue[] | undefined): void {
    const { style, width, write } = this.#options;
    const { left, between, right } = this.#frame;
    const shown = layout.widths.map((columnWidth, column) => {
      const text = width === undefined ? cells[column]! : cutToWidth(cells[column]!, columnWidth);
      const padded = padToWidth(text, columnWidth, layout.isNumeric[column] ? "right" : "left");
      return row === undefined ? style.bold(padded) : row[column] === null ? style.dim(padded) : padded;
    });
    const line = edge(style, left) + shown.join(edge(style, between)) + edge(style, right);
    write(`${right === "" ? line.trimEnd() : line}\n`);
  }
}

function edge(style: Style, text: string): string {
  return text.replace(/\S+/, (line) => style.dim(line));
}

/** The text of a cell where some characters mean the frame. */
function inFrame(text: string, { isMarkdown }: Frame): string {
  return isMarkdown ? text.replaceAll("|", "\\|") : text;
}

/** A value as one line of text. Bytes are shown as SQL writes them. */
export function cellText(value: SqlValue): string {
  if (value === null) {
    return "NULL";
  }
  if (value instanceof Uint8Array) {
    return `x'${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")}'`;
  }
  return typeof value === "string" ? printable(value) : String(value);
}

function layOut(
  titles: readonly string[],
  sample: readonly (readonly SqlValue[])[],
  texts: (row: readonly SqlValue[]) => readonly string[],
  width: number | undefined,
): Layout {
  const natural = titles.map(displayWidth);
  const isNumeric = titles.map(() => sample.length > 0);
  const hasNumber = titles.map(() => false);
  for (const row of sample) {
    const cells = texts(row);
    for (let column = 0; column < titles.length; column++) {
      const value = row[column]!;
      natural[column] = Math.max(natural[column]!, displayWidth(cells[column]!));
      if (typeof value === "number" || typeof value === "bigint") {
        hasNumber[column] = true;
      } else if (value !== null) {
        isNumeric[column] = false;
      }
    }
  }
  const numeric = isNumeric.map((each, column) => each && hasNumber[column]!);
  return { widths: width === undefined ? natural : fitInto(natural, numeric, width), isNumeric: numeric };
}

/** The widths of as many columns as fit into `width`, the first always among them. */
function fitInto(natural: readonly number[], isNumeric: readonly boolean[], width: number): number[] {
  const least = natural.map((each, column) => (isNumeric[column] ? each : Math.min(each, MIN_TEXT_WIDTH)));
  let room = width - TABLE_FRAME_WIDTH;
  let shown = 0;
  while (shown < natural.length && (room >= least[shown]! + COLUMN_FRAME_WIDTH || shown === 0)) {
    room -= least[shown]! + COLUMN_FRAME_WIDTH;
    shown++;
  }
  return shareRoom(natural.slice(0, shown), least.slice(0, shown), Math.max(0, room));
}

/** Lets the narrowest columns grow together until each has what it wants or the room is used up. */
function shareRoom(natural: readonly number[], least: readonly number[], room: number): number[] {
  const widths = [...least];
  let left = room;
  while (left > 0) {
    let narrowest = -1;
    for (let column = 0; column < widths.length; column++) {
      const wants = widths[column]! < natural[column]!;
      if (wants && (narrowest === -1 || widths[column]! < widths[narrowest]!)) {
        narrowest = column;
      }
    }
    if (narrowest === -1) {
      break;
    }
    widths[narrowest]!++;
    left--;
  }
  return widths;
}
