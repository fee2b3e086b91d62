/**
 * The table functions `json_each`, `json_tree`, `jsonb_each` and `jsonb_tree`: the elements of an array or object, or all that is in
 * an element, as rows.
 *
 *     const table = new JsonTable("tree", "text");
 *     table.open(TEXT, '{"a":[1]}', TEXT, "$.a");
 *     while (table.next()) {
 *       table.answerColumn("fullkey");           // in `answer`
 *     }
 *
 * `id` and `parent` are places in the JSONB of the document, as in SQLite. Where the root of a tree is below `$`, SQLite works
 * out its `key` and `path` by looking for a container whose first element it is; so does `#rootPathLength`.
 */

import { readIntegerPrefix } from "../number-text.ts";
import { answerInteger, answerNull, answerText, NULL, type SqlValue, type Tag, TEXT } from "../value.ts";
import { ALPHANUMERIC, isClass, isDigit } from "./characters.ts";
import { document, readDocument } from "./document.ts";
import { element, elementType, JSON_ARRAY, JSON_NULL, JSON_OBJECT, readElement, typeNameAt } from "./element.ts";
import { answerJsonb } from "./extract.ts";
import { lookUp, NOT_FOUND, place } from "./lookup.ts";
import { badPath, pathOf } from "./path.ts";
import { answerElement, decode, textAt } from "./scalar.ts";
import { malformed } from "./write-text.ts";

export const JSON_TABLE_COLUMNS = ["key", "value", "type", "atom", "id", "parent", "fullkey", "path"] as const;
export type JsonTableColumn = (typeof JSON_TABLE_COLUMNS)[number];

/** A container around the current element. */
interface Parent {
  /** Where it begins, its label included. */
  readonly head: number;
  readonly type: number;
  readonly end: number;
  /** The path of what it is in. */
  readonly outerPath: string;
  /** In an array: the current element's number. */
  key: number;
}

const NO_BYTES = new Uint8Array(0);

export class JsonTable {
  readonly #isTree: boolean;
  readonly #asJsonb: boolean;
  #bytes: Uint8Array;
  /** The current element, its label included. */
  #at: number;
  #end: number;
  /** What the current element is in: an array, an object, or neither. */
  #around: number;
  #parents: Parent[];
  /** The path of what the current element is in. */
  #path: string;
  #root: string;
  #rowid: number;

  constructor(kind: "each" | "tree", containers: "text" | "jsonb") {
    this.#isTree = kind === "tree";
    this.#asJsonb = containers === "jsonb";
    this.#bytes = NO_BYTES;
    this.#at = 0;
    this.#end = 0;
    this.#around = JSON_NULL;
    this.#parents = [];
    this.#path = "$";
    this.#root = "$";
    this.#rowid = -1;
  }

  /** Begins with another document; NULL as document or path has no rows. */
  open(tag: Tag, value: SqlValue, pathTag: Tag = TEXT, pathValue: SqlValue = "$"): void {
    this.#at = 0;
    this.#end = 0;
    this.#around = JSON_NULL;
    this.#parents = [];
    this.#rowid = -1;
    if (!readDocument(tag, value) || pathTag === NULL) {
      return;
    }
    // Kept from row to row, while others read documents.
    this.#bytes = document.bytes.slice(0, document.limit);
    const path = pathOf(pathTag, pathValue);
    this.#root = path.text;
    this.#path = path.text;
    const found = path.isRooted ? lookUp(this.#bytes, this.#bytes.length, path) : NOT_FOUND - 1;
    if (found === NOT_FOUND) {
      return;
    }
    if (found < 0) {
      throw badPath(path);
    }
    this.#begin(found, path.steps.length === 0 ? -1 : place.label);
  }

  /** `label` is −1 for the document's own root, 0 for an element of an array. */
  #begin(at: number, label: number): void {
    readElement(this.#bytes, at, this.#bytes.length);
    const type = elementType(this.#bytes, at);
    this.#at = label > 0 ? label : at;
    this.#around = label < 0 ? JSON_NULL : label > 0 ? JSON_OBJECT : JSON_ARRAY;
    this.#end = element.end;
    if (type >= JSON_ARRAY && !this.#isTree) {
      this.#at = element.start;
      this.#around = type;
      this.#parents.push({ head: this.#at, type, end: this.#end, outerPath: this.#path, key: 0 });
    }
  }

  /** Goes to the next row; false behind the last. */
  next(): boolean {
    if (this.#rowid >= 0 && this.#at < this.#end) {
      this.#advance();
    }
    this.#rowid++;
    return this.#at < this.#end;
  }

  /** The number of the row, from 0. */
  get rowid(): number {
    return this.#rowid;
  }

  #advance(): void {
    const bytes = this.#bytes;
    const value = this.#value();
    if (!readElement(bytes, value, bytes.length)) {
      throw malformed();
    }
    const { start, end } = element;
    const type = elementType(bytes, value);
    if (this.#isTree && type >= JSON_ARRAY) {
      const outerPath = this.#path;
      if (this.#parents.length > 0) {
        this.#path += this.#name();
      }
      this.#parents.push({ head: this.#at, type, end, outerPath, key: -1 });
      this.#at = start;
    } else {
      this.#at = end;
    }
    if (this.#isTree) {
      this.#leave();
    }
    const parent = this.#parents.at(-1);
    if (parent !== undefined && parent.type === JSON_ARRAY) {
      parent.key++;
    }
  }

  /** Leaves the containers that end here. */
  #leave(): void {
    const parents = this.#parents;
    while (parents.length > 0 && this.#at >= parents.at(-1)!.end) {
      this.#path = parents.pop()!.outerPath;
    }
    this.#around = parents.length === 0 ? JSON_NULL : parents.at(-1)!.type;
  }

  /** Where the current element's value is: behind its label, if it has one. */
  #value(): number {
    if (this.#around !== JSON_OBJECT) {
      return this.#at;
    }
    if (!readElement(this.#bytes, this.#at, this.#bytes.length)) {
      throw malformed();
    }
    return element.end;
  }

  /** The last step of the current element's path. */
  #name(): string {
    if (this.#around === JSON_ARRAY) {
      return `[${this.#parents.at(-1)!.key}]`;
    }
    const bytes = this.#bytes;
    readElement(bytes, this.#at, bytes.length);
    const { start, end } = element;
    let isPlain = start < end && !isDigit(bytes[start]);
    for (let i = start; i < end; i++) {
      isPlain &&= isClass(bytes[i], ALPHANUMERIC);
    }
    const label = decode(bytes, start, end);
    return isPlain ? `.${label}` : `."${label}"`;
  }

  /** Answers a column of the current row. */
  answerColumn(column: JsonTableColumn): void {
    const bytes = this.#bytes;
    switch (column) {
      case "key":
        this.#answerKey();
        break;
      case "value":
        answerElement(bytes, this.#value(), bytes.length, this.#asJsonb);
        break;
      case "type":
        answerText(typeNameAt(bytes, this.#value()));
        break;
      case "atom": {
        const at = this.#value();
        elementType(bytes, at) < JSON_ARRAY ? answerElement(bytes, at, bytes.length, false) : answerNull();
        break;
      }
      case "id":
        answerInteger(this.#at);
        break;
      case "parent":
        this.#isTree && this.#parents.length > 0 ? answerInteger(this.#parents.at(-1)!.head) : answerNull();
        break;
      case "fullkey":
        answerText(this.#parents.length > 0 ? this.#path + this.#name() : this.#path);
        break;
      default:
        answerText(this.#path.slice(0, this.#rootPathLength()));
    }
  }

  /** The column `value` as an argument of a function that takes JSON: arrays and objects as JSONB. */
  answerNestedValue(): void {
    const bytes = this.#bytes;
    const at = this.#value();
    elementType(bytes, at) >= JSON_ARRAY
      ? answerJsonb(textAt(bytes, at, bytes.length))
      : answerElement(bytes, at, bytes.length, false);
  }

  #answerKey(): void {
    const parent = this.#parents.at(-1);
    if (parent === undefined) {
      this.#answerRootKey();
    } else if (this.#around === JSON_OBJECT) {
      answerElement(this.#bytes, this.#at, this.#bytes.length, false);
    } else {
      answerInteger(parent.key);
    }
  }

  /** The last step of the path that was given. */
  #answerRootKey(): void {
    const step = this.#root === "$" ? "" : this.#root.slice(this.#rootPathLength());
    if (step === "") {
      answerNull();
    } else if (step.startsWith("[")) {
      readIntegerPrefix(step.slice(1));
    } else {
      answerText(step.startsWith('."') ? step.slice(2, -1) : step.slice(1));
    }
  }

  /** How much of the path is that of the container; of the first row of a tree it must be looked for. */
  #rootPathLength(): number {
    const path = this.#path;
    if (this.#rowid !== 0 || !this.#isTree || path.length < 2) {
      return path.length;
    }
    for (let length = path.length - 1; length > 1; length--) {
      if (path[length] === "[" || path[length] === ".") {
        const at = lookUp(this.#bytes, this.#bytes.length, pathOf(TEXT, path.slice(0, length)));
        if (at >= 0 && readElement(this.#bytes, at, this.#bytes.length) && element.start === this.#at) {
          return length;
        }
      }
    }
    return 1;
  }
}
