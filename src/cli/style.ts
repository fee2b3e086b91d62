/**
 * Colours and weights, where they are wanted.
 *
 * Only a terminal gets them, and not one that says `dumb`; NO_COLOR (no-color.org) turns them off, FORCE_COLOR on.
 * The words must carry the meaning alone: nothing is told by colour only.
 */
import { styleText } from "node:util";

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

type Format = keyof Style;

function styled(format: Format): (text: string) => string {
  return (text) => styleText(format, text, { validateStream: false });
}

const plain = (text: string): string => text;

export const COLOURED: Style = {
  bold: styled("bold"),
  dim: styled("dim"),
  red: styled("red"),
  green: styled("green"),
  yellow: styled("yellow"),
};

export const PLAIN: Style = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain };

/** The style for a stream, `isTerminal` or not, in this environment. */
export function styleFor(isTerminal: boolean, variables: Readonly<Record<string, string | undefined>>): Style {
  const isOff = variables.NO_COLOR !== undefined && variables.NO_COLOR !== "";
  const isForced = variables.FORCE_COLOR !== undefined && variables.FORCE_COLOR !== "" && variables.FORCE_COLOR !== "0";
  const isCapable = isTerminal && variables.TERM !== "dumb";
  return !isOff && (isForced || isCapable) ? COLOURED : PLAIN;
}
