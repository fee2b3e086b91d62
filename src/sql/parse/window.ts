/** Windows: OVER, the WINDOW clause, and frames. */
import type { Frame, FrameBound, Name, NamedWindow, Window, WindowName } from "./ast/query.ts";
import { parseExpressions, parseOrderBy, takeBy } from "./expression-list.ts";
import { parseName } from "./name.ts";
import type { TokenStream } from "./token-stream.ts";

export function parseOver(tokens: TokenStream): Window | WindowName {
  tokens.expect("OVER");
  tokens.windows++;
  if (tokens.kind === "(") {
    return parseWindow(tokens);
  }
  return { kind: "window-name", at: tokens.start, name: tokens.name() };
}

/** The windows behind `WINDOW`; none where it is not there. */
export function parseWindowClause(tokens: TokenStream): readonly NamedWindow[] {
  const windows: NamedWindow[] = [];
  if (tokens.take("WINDOW")) {
    do {
      const at = tokens.start;
      const name = tokens.name();
      tokens.expect("AS");
      windows.push({ name, at, window: parseWindow(tokens) });
    } while (tokens.take(","));
  }
  return windows;
}

function parseWindow(tokens: TokenStream): Window {
  const at = tokens.start;
  tokens.expect("(");
  const base = parseBase(tokens);
  const partitionBy = takeBy(tokens, "PARTITION") ? parseExpressions(tokens) : [];
  const orderBy = parseOrderBy(tokens);
  const frame = parseFrame(tokens);
  tokens.expect(")");
  return { kind: "window", at, base, partitionBy, orderBy, frame };
}

const UNITS: ReadonlySet<string> = new Set(["ROWS", "RANGE", "GROUPS"]);

function parseBase(tokens: TokenStream): Name | undefined {
  const { kind } = tokens;
  return kind !== "PARTITION" && !UNITS.has(kind) && tokens.isName() ? parseName(tokens) : undefined;
}

function parseFrame(tokens: TokenStream): Frame | undefined {
  const at = tokens.start;
  const { kind } = tokens;
  if (!UNITS.has(kind)) {
    return undefined;
  }
  tokens.advance();
  let start: FrameBound;
  let end: FrameBound = { kind: "current row" };
  if (tokens.take("BETWEEN")) {
    start = parseBound(tokens, "preceding");
    tokens.expect("AND");
    end = parseBound(tokens, "following");
  } else {
    start = parseBound(tokens, "preceding");
  }
  const exclude = parseExclude(tokens);
  if (endsBeforeStart(start, end)) {
    tokens.complain("unsupported frame specification", at);
  }
  return { at, unit: kind.toLowerCase() as Frame["unit"], start, end, exclude };
}

function endsBeforeStart(start: FrameBound, end: FrameBound): boolean {
  return (
    (start.kind === "current row" && end.kind === "preceding") ||
    (start.kind === "following" && (end.kind === "preceding" || end.kind === "current row"))
  );
}

/** `unbounded` is the side that UNBOUNDED can be on. */
function parseBound(tokens: TokenStream, unbounded: "preceding" | "following"): FrameBound {
  if (tokens.take("UNBOUNDED")) {
    tokens.expect(unbounded.toUpperCase());
    return { kind: `unbounded ${unbounded}` };
  }
  if (tokens.take("CURRENT")) {
    tokens.expect("ROW");
    return { kind: "current row" };
  }
  const offset = tokens.expression();
  if (tokens.take("PRECEDING")) {
    return { kind: "preceding", offset };
  }
  tokens.expect("FOLLOWING");
  return { kind: "following", offset };
}

function parseExclude(tokens: TokenStream): Frame["exclude"] {
  if (!tokens.take("EXCLUDE")) {
    return "no others";
  }
  if (tokens.take("NO")) {
    tokens.expect("OTHERS");
    return "no others";
  }
  if (tokens.take("CURRENT")) {
    tokens.expect("ROW");
    return "current row";
  }
  if (tokens.take("GROUP")) {
    return "group";
  }
  tokens.expect("TIES");
  return "ties";
}
