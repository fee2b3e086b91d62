/**
 * Changes JSONB in place, as SQLite does byte for byte: what a path leads to is removed, replaced or inserted, then the sizes of
 * all containers around it are corrected, the innermost first.
 *
 * A new element that is up to 8 bytes shorter than the one that it replaces gets a longer header instead, if one of that length
 * exists: nothing moves then, and no size changes.
 */
import { ByteBuffer, copyBytes } from "./byte-buffer.ts";
import {
  appendElement,
  element,
  JSON_ARRAY,
  JSON_FALSE,
  JSON_OBJECT,
  JSON_TEXT5,
  JSON_TEXTRAW,
  MOST_DEPTH,
  readElement,
  resizeElement,
} from "./element.ts";
import { lookUpStep, NOT_ARRAY, NOT_FOUND, place, TOO_DEEP } from "./lookup.ts";
import { BAD, KEY, type Path } from "./path.ts";

export type Edit = "remove" | "replace" | "insert" | "set" | "array-insert";

/** What is inserted: an element of JSONB. */
export interface Insertion {
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** Edits what `path` leads to; answers a code of lookup.ts, or some place. */
export function edit(target: ByteBuffer, path: Path, kind: Edit, insertion: Insertion): number {
  return editFrom(target, path, 0, kind, insertion, 0);
}

/** Follows the path from its step `first` on, from the root of `target`. */
function editFrom(
  target: ByteBuffer,
  path: Path,
  first: number,
  kind: Edit,
  insertion: Insertion,
  depth: number,
): number {
  const { steps } = path;
  const containers: number[] = [];
  let at = 0;
  let label = 0;
  for (let i = first; i < steps.length; i++) {
    const found = lookUpStep(target.bytes, target.length, at, steps[i]!);
    if (found === NOT_FOUND && place.gap >= 0) {
      containers.push(at);
      return insertMissing(target, path, i, kind, insertion, depth + i - first, containers);
    }
    if (found < 0) {
      return found;
    }
    if (depth + i - first + 1 >= MOST_DEPTH) {
      return TOO_DEEP;
    }
    containers.push(at);
    at = found;
    label = place.label;
  }
  return editFound(target, path, at, label, kind, insertion, containers);
}

function editFound(
  target: ByteBuffer,
  path: Path,
  at: number,
  label: number,
  kind: Edit,
  insertion: Insertion,
  containers: readonly number[],
): number {
  readElement(target.bytes, at, target.length);
  const { end } = element;
  switch (kind) {
    case "remove":
      resize(target, containers, splice(target, label > 0 ? label : at, end, undefined));
      break;
    case "insert":
      break;
    case "array-insert":
      if (!path.endsInBracket) {
        return NOT_ARRAY;
      }
      resize(target, containers, splice(target, at, at, insertion));
      break;
    default:
      resize(target, containers, splice(target, at, end, insertion));
  }
  return at;
}

/** Inserts where the path's step `i` leads to nothing, with the containers that the steps behind it want. */
function insertMissing(
  target: ByteBuffer,
  path: Path,
  i: number,
  kind: Edit,
  insertion: Insertion,
  depth: number,
  containers: readonly number[],
): number {
  const { gap } = place;
  const step = path.steps[i]!;
  if (kind === "remove" || kind === "replace") {
    return NOT_FOUND;
  }
  if (step.kind === KEY && kind === "array-insert" && !(path.endsInBracket && i + 1 < path.steps.length)) {
    return NOT_ARRAY;
  }
  let content = insertion;
  if (i + 1 < path.steps.length) {
    const inner = new ByteBuffer();
    const next = path.steps[i + 1]!;
    inner.put(next.kind === KEY || next.kind === BAD ? JSON_OBJECT : JSON_ARRAY);
    if (depth + 1 >= MOST_DEPTH) {
      return TOO_DEEP;
    }
    const code = editFrom(inner, path, i + 1, kind, insertion, depth + 1);
    if (code < 0) {
      return code;
    }
    content = inner;
  }
  if (step.kind === KEY) {
    const member = new ByteBuffer();
    appendElement(member, step.hasEscapes ? JSON_TEXT5 : JSON_TEXTRAW, step.key, 0, step.key.length);
    member.append(content.bytes, 0, content.length);
    content = member;
  }
  resize(target, containers, splice(target, gap, gap, content));
  return gap;
}

/** Corrects the sizes of the containers, of which the last is the innermost. */
function resize(target: ByteBuffer, containers: readonly number[], change: number): void {
  for (let i = containers.length - 1; i >= 0 && change !== 0; i--) {
    change += resizeElement(target, containers[i]!, change);
  }
}

/** Replaces bytes `[start, end)`; answers by how many the document grew. */
export function splice(target: ByteBuffer, start: number, end: number, insertion: Insertion | undefined): number {
  const length = insertion?.length ?? 0;
  const growth = length - (end - start);
  if (insertion !== undefined && growth < 0 && fill(target.bytes, start, insertion, -growth)) {
    return 0;
  }
  target.splice(start, end, length);
  if (insertion !== undefined) {
    copyBytes(insertion.bytes, 0, length, target.bytes, start);
  }
  return growth;
}

const LONGEST_HEADER = 9;
/** The upper half of the first byte by the length of the header. */
const SIZE_CODES: ReadonlyMap<number, number> = new Map([
  [2, 0xc0],
  [3, 0xd0],
  [5, 0xe0],
  [9, 0xf0],
]);

/** Writes the element with a header that is `gap` bytes longer; false where there is none. */
function fill(bytes: Uint8Array, at: number, { bytes: from, length }: Insertion, gap: number): boolean {
  const type = from[0]! & 15;
  const size = from[0]! >>> 4;
  const before = size <= 11 ? 1 : size === 12 ? 2 : size === 13 ? 3 : size === 14 ? 5 : LONGEST_HEADER;
  const code = SIZE_CODES.get(before + gap);
  if (type <= JSON_FALSE || code === undefined) {
    return false;
  }
  copyBytes(from, before, length, bytes, at + before + gap);
  bytes[at] = type | code;
  let payload = length - before;
  for (let i = at + before + gap - 1; i > at; i--) {
    bytes[i] = payload & 0xff;
    payload = Math.floor(payload / 256);
  }
  return true;
}
