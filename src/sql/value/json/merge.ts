/** RFC 7396, the merge patch: of two documents in JSONB, the first is changed in place. */
import { type ByteBuffer, copyBytes } from "./byte-buffer.ts";
import { type Insertion, splice } from "./edit.ts";
import {
  element,
  elementType,
  isLabelType,
  isRawType,
  JSON_NULL,
  JSON_OBJECT,
  MOST_DEPTH,
  readElement,
  resizeElement,
} from "./element.ts";
import { isSameLabel } from "./lookup.ts";
import { malformed, tooDeep } from "./write-text.ts";

/** A patch: JSONB from 0 to `limit`. */
export interface Patch {
  readonly bytes: Uint8Array;
  readonly limit: number;
}

/** Where a member of the target is. */
interface Member {
  label: number;
  value: number;
  end: number;
}

/** Merges the patch's element at `from` into the target's at `at`; answers by how many bytes the target grew. */
export function mergePatch(target: ByteBuffer, at: number, patch: Patch, from: number, depth = 0): number {
  if (elementType(patch.bytes, from) !== JSON_OBJECT) {
    readElement(patch.bytes, from, patch.limit);
    const content = part(patch.bytes, from, element.end);
    readElement(target.bytes, at, target.length);
    return splice(target, at, element.end, content);
  }
  readElement(target.bytes, at, target.length);
  const { start } = element;
  // Until the end its header tells the size that it had.
  const oldEnd = element.end;
  let growth = 0;
  if (elementType(target.bytes, at) !== JSON_OBJECT) {
    growth = splice(target, start, oldEnd, undefined);
    target.bytes[at] = (target.bytes[at]! & 0xf0) | JSON_OBJECT;
  }
  readElement(patch.bytes, from, patch.limit);
  const patchEnd = element.end;
  for (let next = element.start; next < patchEnd; ) {
    const member = readMember(patch.bytes, next, patchEnd, patch.limit);
    next = member.end;
    growth += mergeMember(target, start, oldEnd + growth, patch, member, depth);
  }
  return growth === 0 ? 0 : growth + resizeElement(target, at, growth);
}

function part(bytes: Uint8Array, start: number, end: number): Insertion {
  return { bytes: bytes.subarray(start, end), length: end - start };
}

/** Merges one member into the target's object whose members are `[start, end)`. */
function mergeMember(
  target: ByteBuffer,
  start: number,
  end: number,
  patch: Patch,
  member: Member,
  depth: number,
): number {
  const found = findMember(target, start, end, patch, member);
  const type = elementType(patch.bytes, member.value);
  if (found !== undefined && type === JSON_NULL) {
    return splice(target, found.label, found.end, undefined);
  }
  if (found === undefined && type === JSON_NULL) {
    return 0;
  }
  if (found === undefined && type !== JSON_OBJECT) {
    return splice(target, end, end, part(patch.bytes, member.label, member.end));
  }
  if (depth >= MOST_DEPTH) {
    throw tooDeep();
  }
  if (found !== undefined) {
    return mergePatch(target, found.value, patch, member.value, depth + 1);
  }
  // The patch's own nulls must go, so its object is merged into a null.
  const label = member.value - member.label;
  target.splice(end, end, label + 1);
  copyBytes(patch.bytes, member.label, member.value, target.bytes, end);
  target.bytes[end + label] = JSON_NULL;
  return label + 1 + mergePatch(target, end + label, patch, member.value, depth + 1);
}

function findMember(
  target: ByteBuffer,
  start: number,
  end: number,
  patch: Patch,
  { label, value }: Member,
): Member | undefined {
  readElement(patch.bytes, label, patch.limit);
  const wanted = element.start;
  const isWantedRaw = isRawType(elementType(patch.bytes, label));
  for (let next = start; next < end; ) {
    const member = readMember(target.bytes, next, end, target.length);
    readElement(target.bytes, member.label, target.length);
    const isRaw = isRawType(elementType(target.bytes, member.label));
    if (isSameLabel(patch.bytes, wanted, value, isWantedRaw, target.bytes, element.start, member.value, isRaw)) {
      return member;
    }
    next = member.end;
  }
  return undefined;
}

function readMember(bytes: Uint8Array, label: number, end: number, limit: number): Member {
  if (!isLabelType(elementType(bytes, label)) || !readElement(bytes, label, limit) || element.end >= end) {
    throw malformed();
  }
  const value = element.end;
  if (!readElement(bytes, value, limit) || element.end > end) {
    throw malformed();
  }
  return { label, value, end: element.end };
}
