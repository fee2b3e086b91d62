/** Values as the key of a group (run/group-table.ts): text goes there from where it lies, without a string in between. */
import type { Collation } from "../value/collation.ts";
import { TEXT } from "../value/value.ts";
import type { Emitter } from "./emitter.ts";
import { can, isFast, isTag, type Operand, valueIn } from "./operand.ts";

export interface GroupKey {
  readonly operand: Operand;
  readonly collation: Collation | undefined;
}

/** Puts the key's group into `group`, which is new if it was not there. */
export function emitFindGroup(emitter: Emitter, table: string, group: string, keys: readonly GroupKey[]): void {
  const operands = keys.map((key) => canonical(emitter, key));
  const [only] = operands;
  if (only === undefined || operands.length > 1) {
    emitGroup(emitter, table, group, operands, "find");
    return;
  }
  emitter.branches([
    [inPlace(only), () => emitter.line(`${group} = ${table}.findText(${place(only)});`)],
    [isFast(only), () => emitter.line(`${group} = ${table}.findNumber(${only.tag}, ${only.number});`)],
    ["true", () => emitter.line(`${group} = ${table}.findValue(${only.tag}, ${only.other});`)],
  ]);
}

function emitGroup(emitter: Emitter, table: string, group: string, operands: readonly Operand[], verb: string): void {
  emitter.line(`${table}.begin();`);
  for (const operand of operands) {
    emitAdd(emitter, table, operand);
  }
  emitter.line(`${group} = ${table}.${verb}();`);
}

/** Puts a kept row under its key in the table of a join (run/join-table.ts). */
export function emitLink(emitter: Emitter, table: string, keys: readonly GroupKey[], row: string): void {
  const operands = keys.map((key) => canonical(emitter, key));
  const [only] = operands;
  if (only !== undefined && operands.length === 1) {
    emitter.branches([
      [inPlace(only), () => emitter.line(`${table}.linkText(${place(only)}, ${row});`)],
      [isFast(only), () => emitter.line(`${table}.linkNumber(${only.number}, ${row});`)],
      ["true", () => emitter.line(`${table}.linkValue(${only.tag}, ${only.other}, ${row});`)],
    ]);
    return;
  }
  const group = emitter.number("group");
  emitGroup(emitter, `${table}.keys`, group, operands, "find");
  emitter.line(`${table}.link(${group}, ${row});`);
}

/** Puts the first row under a key into `row`; −1 where there is none. */
export function emitFirst(emitter: Emitter, table: string, row: string, keys: readonly GroupKey[]): void {
  const operands = keys.map((key) => canonical(emitter, key));
  const [only] = operands;
  if (only !== undefined && operands.length === 1) {
    emitter.branches([
      [inPlace(only), () => emitter.line(`${row} = ${table}.firstOfText(${place(only)});`)],
      [isFast(only), () => emitter.line(`${row} = ${table}.firstOfNumber(${only.number});`)],
      ["true", () => emitter.line(`${row} = ${table}.firstOfValue(${only.tag}, ${only.other});`)],
    ]);
    return;
  }
  const group = emitter.number("group");
  emitGroup(emitter, `${table}.keys`, group, operands, "look");
  emitter.line(`${row} = ${table}.first(${group});`);
}

/** Adds the group's number and a value: what tells values apart within each group. */
export function emitFindInGroup(emitter: Emitter, table: string, found: string, group: string, key: GroupKey): void {
  const operand = canonical(emitter, key);
  emitter.line(`${table}.begin();`);
  emitter.line(`${table}.addNumber(1, ${group});`);
  emitAdd(emitter, table, operand);
  emitter.line(`${found} = ${table}.find();`);
}

function emitAdd(emitter: Emitter, table: string, operand: Operand): void {
  emitter.branches([
    [inPlace(operand), () => emitter.line(`${table}.addText(${place(operand)});`)],
    [isFast(operand), () => emitter.line(`${table}.addNumber(${operand.tag}, ${operand.number});`)],
    ["true", () => emitter.line(`${table}.add(${operand.tag}, ${operand.other});`)],
  ]);
}

/** With a collation a text counts as another one, that of all equal to it. */
function canonical(emitter: Emitter, { operand, collation }: GroupKey): Operand {
  if (collation?.fold === undefined || !can(operand, TEXT)) {
    return operand;
  }
  const folded = emitter.variable("x");
  const text = `${emitter.constant(collation.fold)}(${operand.other})`;
  const isText = isTag(operand, TEXT);
  emitter.line(
    `${folded} = ${isText === "true" ? text : `${isText} ? ${text} : ${valueIn({ ...operand, number: "null" })}`};`,
  );
  return { ...operand, other: folded, bytes: undefined };
}

function inPlace(key: Operand): string {
  return key.bytes === undefined ? "false" : isTag(key, TEXT);
}

function place(key: Operand): string {
  return `${key.bytes?.u8}, ${key.bytes?.data}, ${key.bytes?.start}, ${key.bytes?.end}`;
}
