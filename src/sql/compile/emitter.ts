/**
 * Writes the text of a JavaScript function, and of those that it calls.
 *
 * What may stand in that text: names that this class makes up (`n7`), names of the library (checked by the compiler:
 * `use` takes keys of Library only), numbers that nacre itself has given out (keyspaces, slots, limits), and the names of
 * result columns by `propertyName`, in which everything but letters, digits, space and `_` is a \u escape. Every literal
 * of a statement is handed to the function in an array of constants. No text of a user becomes code.
 */
import type { Library } from "./library.ts";

export type Branch = readonly [condition: string, body: () => void];

/** What the functions of one text have in common. */
interface Shared {
  readonly constants: unknown[];
  readonly used: Set<string>;
  /** Functions that the last one calls, in full. */
  readonly functions: string[];
  names: number;
}

export class Emitter {
  readonly #shared: Shared;
  readonly #locals: string[];
  /** Lines before all others: what is worked out once, however deep in a loop it was asked for. */
  readonly #prologue: string[];
  #lines: string[];
  #depth: number;

  constructor(shared: Shared = { constants: [], used: new Set(), functions: [], names: 0 }) {
    this.#shared = shared;
    this.#locals = [];
    this.#prologue = [];
    this.#lines = [];
    this.#depth = 2;
  }

  get constants(): readonly unknown[] {
    return this.#shared.constants;
  }

  /** Writes another function of the same text: variables of its own, constants and library in common. */
  sibling(): Emitter {
    return new Emitter(this.#shared);
  }

  /**
   * Adds it to the text under a name that siblings call it by. In parentheses, as all functions: V8 compiles them at once, instead
   * of looking them over and compiling them at the first call.
   */
  finishSibling(name: string, parameters: string): void {
    const head = `const ${name} = (function ${name}(${parameters}) {`;
    this.#shared.functions.push([head, ...this.#body(), "});"].join("\n"));
  }

  line(text: string): void {
    this.#lines.push(`${"  ".repeat(Math.min(this.#depth, 20))}${text}`);
  }

  /** Opens a block: `for (…)` gives `for (…) {`. */
  open(head: string): void {
    this.line(`${head} {`);
    this.#depth++;
  }

  /** Closes a block and opens its other half. */
  otherwise(head: string = "else"): void {
    this.#depth--;
    this.line(`} ${head} {`);
    this.#depth++;
  }

  close(): void {
    this.#depth--;
    this.line("}");
  }

  /** `if (condition) { … }`, without the test where it is always so, and without anything where it never is. */
  when(condition: string, body: () => void): void {
    if (condition === "true") {
      body();
    } else if (condition !== "false") {
      this.open(`if (${condition})`);
      body();
      this.close();
    }
  }

  /** `if … else if … else …` without the branches that are never taken. The last condition is "true". */
  branches(list: readonly Branch[]): void {
    const end = list.findIndex(([condition]) => condition === "true");
    const open = list.slice(0, end + 1).filter(([condition]) => condition !== "false");
    if (open.length === 1) {
      open[0]![1]();
      return;
    }
    open.forEach(([condition, body], index) => {
      if (index === 0) {
        this.open(`if (${condition})`);
      } else {
        this.otherwise(condition === "true" ? "else" : `else if (${condition})`);
      }
      body();
    });
    this.close();
  }

  /** The lines that `body` writes, instead of writing them. */
  capture(body: () => void): readonly string[] {
    const lines = this.#lines;
    this.#lines = [];
    body();
    const captured = this.#lines;
    this.#lines = lines;
    return captured;
  }

  append(lines: readonly string[]): void {
    for (const line of lines) {
      this.#lines.push(line);
    }
  }

  /** Moves what `body` writes to the start of the function. */
  hoist(body: () => void): void {
    const depth = this.#depth;
    this.#depth = 2;
    this.#prologue.push(...this.capture(body));
    this.#depth = depth;
  }

  /** A variable of the function that holds a number from the start, so that V8 keeps it unboxed. */
  number(prefix: string = "n"): string {
    return this.#local(prefix, "0");
  }

  /** A variable for anything. */
  variable(prefix: string = "x", value: string = "null"): string {
    return this.#local(prefix, value);
  }

  name(prefix: string): string {
    return `${prefix}${this.#shared.names++}`;
  }

  /** The name of a library function or class. */
  use(name: keyof Library): string {
    this.#shared.used.add(name);
    return name;
  }

  /** The name under which the function finds a value. */
  constant(value: unknown): string {
    const { constants } = this.#shared;
    const known = constants.findIndex((other) => Object.is(other, value));
    return `k${known >= 0 ? known : constants.push(value) - 1}`;
  }

  /** The whole text: a function that takes library and constants and returns the function called `name`. */
  finish(name: string, parameters: string): string {
    const { constants, used, functions } = this.#shared;
    const lines = ['"use strict";'];
    if (used.size > 0) {
      lines.push(`const { ${[...used].sort().join(", ")} } = library;`);
    }
    if (constants.length > 0) {
      lines.push(`const [${constants.map((_, index) => `k${index}`).join(", ")}] = constants;`);
    }
    lines.push(...functions, `return (function ${name}(${parameters}) {`);
    return [...lines, ...this.#body(), "});"].join("\n");
  }

  #body(): string[] {
    const lines: string[] = [];
    for (let i = 0; i < this.#locals.length; i += 8) {
      lines.push(`    let ${this.#locals.slice(i, i + 8).join(", ")};`);
    }
    return [...lines, ...this.#prologue, ...this.#lines];
  }

  #local(prefix: string, value: string): string {
    const name = this.name(prefix);
    this.#locals.push(`${name} = ${value}`);
    return name;
  }
}

/** A column's name as a key of an object literal. `__proto__` as a plain key would set the prototype. */
export function propertyName(name: string): string {
  const escaped = name.replace(
    /[^A-Za-z0-9_ ]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return name === "__proto__" ? `["${escaped}"]` : `"${escaped}"`;
}
