/**
 * How many terminal columns a text takes, and texts cut to a width.
 *
 * A cluster (what a reader takes for one character: a letter with its accents, a family of emoji) takes two columns if it
 * begins with an East Asian wide character or is shown as an emoji, none if there is nothing to see, and one otherwise.
 * That is what terminals do with few exceptions; where they differ among themselves, nothing better can be known.
 *
 * What comes out of a database may hold anything. `printable` shows control characters as pictures (␊, ␛) and takes away
 * those that reverse the direction of writing: a cell must not be able to break the table, nor to talk to the terminal.
 * `printableLines` does the same where line ends belong to the text, `printableJson` where the text has to stay JSON.
 */

const ELLIPSIS = "…";

/** Pairs of first and last code point, ascending: Unicode's East_Asian_Width W and F, emoji aside. */
const WIDE_RANGES = new Uint32Array([
  0x1100, 0x115f, 0x2329, 0x232a, 0x2e80, 0x303e, 0x3041, 0x3247, 0x3250, 0x4dbf, 0x4e00, 0xa4cf, 0xa960, 0xa97f,
  0xac00, 0xd7a3, 0xf900, 0xfaff, 0xfe10, 0xfe19, 0xfe30, 0xfe6f, 0xff01, 0xff60, 0xffe0, 0xffe6, 0x16fe0, 0x18cff,
  0x1aff0, 0x1b2ff, 0x1f200, 0x1f265, 0x20000, 0x3fffd,
]);

const PLAIN = /^[\x20-\x7e]*$/;
const INVISIBLE = /^[\p{Mark}\p{Cf}\p{Default_Ignorable_Code_Point}]+$/u;
const EMOJI = /^\p{Emoji_Presentation}|^\p{Extended_Pictographic}\ufe0f|\u20e3$/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu;

const segmenter = new Intl.Segmenter();

/** The number of terminal columns for a text without control characters. */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) {
    return text.length; // 15 ns; a cluster through the segmenter is some 300
  }
  let width = 0;
  for (const { segment } of segmenter.segment(text)) {
    width += clusterWidth(segment);
  }
  return width;
}

/** `text` if it fits, else as much of it as fits with an ellipsis at the end. */
export function cutToWidth(text: string, width: number): string {
  if (displayWidth(text) <= width) {
    return text;
  }
  if (width <= 0) {
    return "";
  }
  let used = 0;
  let end = 0;
  for (const { segment, index } of segmenter.segment(text)) {
    used += clusterWidth(segment);
    end = index;
    if (used > width - 1) {
      break;
    }
  }
  return text.slice(0, end) + ELLIPSIS;
}

/** Fills up with spaces to `width`; what is wider stays as it is. */
export function padToWidth(text: string, width: number, align: "left" | "right"): string {
  const spaces = " ".repeat(Math.max(0, width - displayWidth(text)));
  return align === "left" ? text + spaces : spaces + text;
}

/** The text on one line, with nothing in it that a terminal would act upon. */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNPRINTABLE, pictureOf);
}

/** The same for text that may have several lines: their ends, and tabs, stay. */
export function printableLines(text: string): string {
  return PLAIN.test(text)
    ? text
    : text.replace(UNPRINTABLE, (character) => (/[\n\t]/.test(character) ? character : pictureOf(character)));
}

/** JSON on one line that says the same, with everything escaped that a terminal would act upon. */
export function printableJson(json: string): string {
  return PLAIN.test(json)
    ? json
    : json.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function pictureOf(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) {
    return String.fromCharCode(0x2400 + code);
  }
  return code === 0x7f ? "␡" : "\ufffd";
}

function clusterWidth(cluster: string): number {
  if (INVISIBLE.test(cluster)) {
    return 0;
  }
  return EMOJI.test(cluster) || isWide(cluster.codePointAt(0)!) ? 2 : 1;
}

function isWide(codePoint: number): boolean {
  let low = 0;
  let high = WIDE_RANGES.length / 2;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (WIDE_RANGES[middle * 2 + 1]! < codePoint) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low * 2 < WIDE_RANGES.length && WIDE_RANGES[low * 2]! <= codePoint;
}
