/**
 * The text form of a database: one line of JSON after the other, so that it can be read, compared, filtered and piped.
 *
 *   {"nacre":"dump","version":1,"commit":812}                                     first
 *   {"keyspace":"users","id":16,"engine":"btree","key":"string","value":"json"}   before its entries
 *   {"k":"u:1","v":{"name":"Ada"}}                                                an entry, in key order
 *   {"kb":"AAEC","vb":"/w==","x":1767225600000}
 *   {"end":true,"keyspaces":1,"entries":2}                                        last: without it, the dump was cut off
 *
 *   lsm      settings of its engine, merge: the name of its operator; where there are any
 *   id       the keyspace's number, which others may refer to; a dump made by hand can leave it out
 *   k, v     a key or value whose bytes are the UTF-8 of this text, or a value that is this JSON
 *   kb, vb   the bytes, base64
 *   x        when the entry expires, milliseconds since the epoch
 *
 * D1. Loading gives back every byte: a value appears as JSON only if printing that JSON again gives its bytes.
 * D2. A dump is of one snapshot, whatever is written meanwhile.
 * D3. What is neither complete nor of a version known here is refused as a whole by its first or last line.
 */
import { isUtf8 } from "node:buffer";
import { DbError } from "../errors.ts";
import { counted } from "./amounts.ts";
import type { RawEntry, RawKeyspace } from "./database.ts";
import { printableJson } from "./width.ts";

// Part of the format; never renumber.
export const DUMP_VERSION = 1;

export interface DumpHeader {
  readonly nacre: "dump";
  readonly version: number;
  readonly commit: number;
}

export interface DumpEnd {
  readonly end: true;
  readonly keyspaces: number;
  readonly entries: number;
}

interface DumpEntry {
  readonly k?: string;
  readonly kb?: string;
  readonly v?: unknown;
  readonly vb?: string;
  readonly x?: number;
}

/** What a line turns out to be. */
export type DumpLine =
  | { readonly kind: "header"; readonly header: DumpHeader }
  | { readonly kind: "keyspace"; readonly keyspace: RawKeyspace }
  | { readonly kind: "entry"; readonly entry: RawEntry }
  | { readonly kind: "end"; readonly end: DumpEnd };

export function encodeHeader(commit: number): string {
  return JSON.stringify({ nacre: "dump", version: DUMP_VERSION, commit } satisfies DumpHeader);
}

export function encodeKeyspace({ name, id, engine, key, value, lsm, merge }: RawKeyspace): string {
  return printableJson(JSON.stringify({ keyspace: name, id, engine, key, value, lsm, merge }));
}

export function encodeEntry({ key, value, expiresAt }: RawEntry, keyspace: RawKeyspace): string {
  const keyText =
    keyspace.key === "string" && isUtf8(key) ? `"k":${JSON.stringify(textOf(key))}` : `"kb":"${base64(key)}"`;
  const valueText = valueAsJson(value, keyspace.value);
  const expiry = expiresAt === 0 ? "" : `,"x":${expiresAt}`;
  return printableJson(
    `{${keyText},${valueText === undefined ? `"vb":"${base64(value)}"` : `"v":${valueText}`}${expiry}}`,
  );
}

export function encodeEnd(keyspaces: number, entries: number): string {
  return JSON.stringify({ end: true, keyspaces, entries } satisfies DumpEnd);
}

/** Throws INVALID where the line is none of a dump; `keyspace` is the one whose entries are being read. */
export function decodeLine(text: string, line: number, keyspace: RawKeyspace | undefined): DumpLine {
  const parsed = parseObject(text, line);
  if (parsed.nacre === "dump") {
    const header = parsed as unknown as DumpHeader;
    if (header.version !== DUMP_VERSION) {
      throw new DbError("UNSUPPORTED", `the dump is of version ${header.version}; this nacre reads ${DUMP_VERSION}`);
    }
    return { kind: "header", header };
  }
  if (typeof parsed.keyspace === "string") {
    return { kind: "keyspace", keyspace: decodeKeyspace(parsed, line) };
  }
  if (parsed.end === true) {
    return { kind: "end", end: parsed as unknown as DumpEnd };
  }
  if (keyspace === undefined) {
    throw lineError(line, "an entry stands before any keyspace");
  }
  return { kind: "entry", entry: decodeEntry(parsed, line, keyspace) };
}

/** `3 entries in 2 keyspaces`. */
export function amountOf(entries: number, keyspaces: number): string {
  return `${counted(entries, "entry", "entries")} in ${counted(keyspaces, "keyspace")}`;
}

export function lineError(line: number, what: string): DbError {
  return new DbError("INVALID", `the dump, line ${line}: ${what}`, { line });
}

function decodeKeyspace(parsed: Record<string, unknown>, line: number): RawKeyspace {
  const { keyspace: name, id, engine, key, value, lsm, merge } = parsed;
  const isNumbered = id === undefined || Number.isSafeInteger(id);
  if (!isNumbered || [name, engine, key, value].some((each) => typeof each !== "string")) {
    throw lineError(line, "a keyspace has an engine, and says what its keys and values are");
  }
  const kept = { ...(lsm === undefined ? {} : { lsm }), ...(merge === undefined ? {} : { merge }) };
  return { name, id, engine, key, value, ...kept } as RawKeyspace;
}

function decodeEntry(parsed: DumpEntry, line: number, keyspace: RawKeyspace): RawEntry {
  const { k, kb, v, vb, x } = parsed;
  const key = k === undefined ? bytesOf(kb) : Buffer.from(k);
  const isText = keyspace.value === "string" && typeof v === "string";
  const value = v === undefined ? bytesOf(vb) : Buffer.from(isText ? v : JSON.stringify(v));
  if (key === undefined || value === undefined) {
    throw lineError(line, "this is neither a keyspace nor an entry with a key and a value");
  }
  return { key, value, expiresAt: x ?? 0 };
}

function bytesOf(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : Buffer.from(text, "base64");
}

/** The value as it stands in the line, or `undefined` where only base64 keeps its bytes. */
function valueAsJson(value: Uint8Array, codec: string): string | undefined {
  if ((codec !== "string" && codec !== "json") || !isUtf8(value)) {
    return undefined;
  }
  const text = textOf(value);
  if (codec === "string") {
    return JSON.stringify(text);
  }
  try {
    return JSON.stringify(JSON.parse(text)) === text ? text : undefined;
  } catch {
    return undefined;
  }
}

function parseObject(text: string, line: number): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null) {
      return parsed as Record<string, unknown>;
    }
  } catch {
    // the same complaint
  }
  throw lineError(line, "this is no JSON object; was the file made by nacre dump?");
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
