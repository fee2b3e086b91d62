/**
 * Golden script: what a tiny tree looks like after each merge (test/scripts/btree/shapes.txt).
 *
 *   > put 0..1000                one merge: numbers 0 to 999, eight-byte keys, 20-byte values
 *   > put 0..1000 step 2 size 4000
 *   > delete 10..500
 *   > build 0..1000              in bulk, into the empty tree
 *
 * Below each command stands the tree, a line a page: level, number of cells, how full, prefix, first and last key
 * (separators of inner pages as hexadecimal), and whether the merge wrote the page (+) or kept it. `UPDATE=1` rewrites.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { PageImage } from "../../src/btree/image.ts";
import { checkoutRoot } from "../support/source-tree.ts";
import { type Operation, TreeModel } from "./tree-model.ts";

const SCRIPT: string = join(checkoutRoot(), "test/scripts/btree/shapes.txt");

it("trees have the shapes of test/scripts/btree/shapes.txt", () => {
  const expected = readFileSync(SCRIPT, "utf8");
  const actual = runScript(expected);
  if (process.env.UPDATE === "1") {
    mkdirSync(dirname(SCRIPT), { recursive: true });
    writeFileSync(SCRIPT, actual);
  } else {
    expect(actual).toBe(expected);
  }
});

/** The script with the results as they are now. Comments and empty lines stay; a new `#` heading begins a new tree. */
function runScript(text: string): string {
  const lines: string[] = [];
  let tree = new TreeModel({ backend: "memory" });
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) {
      tree = new TreeModel({ backend: "memory" });
      lines.push(...(lines.length === 0 ? [] : [""]), line);
    } else if (line.startsWith("> ")) {
      runCommand(tree, line.slice(2));
      tree.check();
      lines.push(line, ...shape(tree));
    }
  }
  return `${lines.join("\n")}\n`;
}

function runCommand(tree: TreeModel, command: string): void {
  const match = /^(put|delete|build) (\d+)\.\.(\d+)(?: step (\d+))?(?: size (\d+))?$/.exec(command);
  if (match === null) {
    throw new Error(`no such command: ${command}`);
  }
  const [, verb, from, to, step = "1", size = "20"] = match;
  const operations: Operation[] = [];
  for (let number = Number(from); number < Number(to); number += Number(step)) {
    const value = verb === "delete" ? undefined : new Uint8Array(Number(size)).fill(number);
    operations.push({ key: keyOf(number), value, expiry: 0 });
  }
  if (verb === "build") {
    tree.build(operations.map(({ key, value }) => ({ key, value: value!, expiry: 0 })));
  } else {
    tree.merge(operations);
  }
}

function keyOf(number: number): Uint8Array {
  const key = new Uint8Array(8);
  new DataView(key.buffer).setUint32(4, number);
  return key;
}

function shape(tree: TreeModel): string[] {
  const { page, height, count } = tree.root;
  return page === 0 ? ["  empty"] : [`  ${count} entries`, ...pageLines(tree, page, height - 1, "  ")];
}

function pageLines(tree: TreeModel, page: number, level: number, indent: string): string[] {
  const image = new PageImage(level);
  image.load(tree.pages, page);
  const isNew = image.birth === tree.checkpoint ? "+" : " ";
  const fill = `${Math.round((100 * image.sizeBytes) / 8192)} %`;
  const prefix = `prefix ${hex(image.u8.subarray(image.prefixOffset, image.prefixOffset + image.prefixLength))}`;
  const name = level === 0 ? "leaf" : `inner ${level}`;
  const first = level === 0 ? 0 : 1;
  const keys = image.count > first ? `${keyText(image, first)} … ${keyText(image, image.count - 1)}` : "";
  const lines = [`${indent}${isNew} ${name}: ${image.count} cells, ${fill} full, ${prefix}, ${keys}`.trimEnd()];
  for (let i = 0; level > 0 && i < image.count; i++) {
    lines.push(...pageLines(tree, image.children[i]!, level - 1, `${indent}  `));
  }
  return lines;
}

/** A leaf's key as its number, a separator as its bytes. */
function keyText(image: PageImage, index: number): string {
  const key = new Uint8Array(2048);
  const length = image.copyKey(index, key);
  return image.level === 0 ? String(new DataView(key.buffer).getUint32(4)) : hex(key.subarray(0, length));
}

function hex(bytes: Uint8Array): string {
  return bytes.length === 0 ? "none" : Buffer.from(bytes).toString("hex");
}
