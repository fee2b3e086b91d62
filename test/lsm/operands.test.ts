import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CELL_MERGE, CELL_PUT } from "../../src/btree/index.ts";
import {
  encodeItems,
  OPERAND_HEADER_BYTES,
  Operands,
  operandDepth,
  writeOperandHeader,
} from "../../src/lsm/operands.ts";
import { checkProperty } from "../support/property.ts";
import { append } from "./run-model.ts";

function bytes(text: string): Uint8Array {
  return Buffer.from(text);
}

function text(value: Uint8Array): string {
  return Buffer.from(value).toString();
}

describe("operands", () => {
  it("are the same however they are grouped, and whether or not the operator is known on the way", () => {
    const group = fc.record({
      operands: fc.array(fc.string({ maxLength: 3 }), { minLength: 1, maxLength: 5 }),
      isKnown: fc.boolean(),
    });
    checkProperty(
      fc.property(
        fc.array(group, { minLength: 1, maxLength: 6 }),
        fc.option(fc.string({ maxLength: 3 }), { nil: undefined }),
        fc.nat(),
        (groups, base, nesting) => {
          // The oldest first: each group is one cell, and some of the cells are combined to others.
          let cells = groups.map(({ operands, isKnown }) => {
            const collected = new Operands(isKnown ? append : undefined);
            for (const operand of operands.toReversed()) {
              collected.addOlder(encodeItems([bytes(operand)], false), CELL_MERGE);
            }
            return collected.fold(false);
          });
          if (base !== undefined) {
            cells.unshift({ kind: CELL_PUT, bytes: bytes(base) });
          }
          const from = nesting % cells.length;
          const to = from + 1 + ((nesting >>> 8) % (cells.length - from));
          const nested = new Operands(undefined);
          for (const cell of cells.slice(from, to).toReversed()) {
            nested.addOlder(cell.bytes, cell.kind);
          }
          cells = [...cells.slice(0, from), nested.fold(false), ...cells.slice(to)];
          const all = new Operands(append);
          for (const cell of cells.toReversed()) {
            if (!all.hasBase) {
              all.addOlder(cell.bytes, cell.kind);
            }
          }
          const { kind, bytes: value } = all.fold(true);
          expect(kind).toBe(CELL_PUT);
          expect(text(value)).toBe((base ?? "") + groups.flatMap(({ operands }) => operands).join(""));
        },
      ),
      { runs: 300 },
    );
  });

  it("that grow are not copied once for each of them", () => {
    const count = 1000;
    let copiedBytes = 0;
    const operands = new Operands((older, newer) => {
      copiedBytes += older.length + newer.length;
      return append(older, newer);
    });
    const texts = Array.from({ length: count }, (_, n) => String(n).padStart(4));
    for (const operand of texts.toReversed()) {
      operands.addOperand(bytes(operand));
    }
    expect(text(operands.fold(true).bytes)).toBe(texts.join(""));
    expect(copiedBytes).toBeLessThanOrEqual(4 * count * Math.ceil(Math.log2(count)));
  });

  it("know whether anything older matters", () => {
    const operands = new Operands(undefined);
    expect([operands.isEmpty, operands.hasBase]).toEqual([true, false]);
    operands.addOperand(bytes("c"));
    operands.addOlder(encodeItems([bytes("a"), bytes("b")], false), CELL_MERGE);
    expect([operands.isEmpty, operands.hasBase]).toEqual([false, false]);
    const open = operands.fold(false);
    expect([open.kind, text(open.bytes.slice(5, 6))]).toEqual([CELL_MERGE, "a"]);
    operands.addOlder(bytes("0"), CELL_PUT);
    expect(operands.hasBase).toBe(true);
    const based = operands.fold(false);
    expect(based.kind).toBe(CELL_MERGE);
    operands.reset();
    expect(operands.isEmpty).toBe(true);
    operands.addOlder(based.bytes, CELL_MERGE);
    expect(operands.hasBase).toBe(true);
    const known = new Operands(append);
    known.addOlder(based.bytes, CELL_MERGE);
    expect(text(known.fold(false).bytes)).toBe("0abc");
    // One alone needs no operator.
    operands.reset();
    operands.addOperand(bytes("x"));
    expect(operands.fold(true)).toEqual({ kind: CELL_PUT, bytes: bytes("x") });
  });

  it("of the log have a depth, which stops at 127 and is nobody's business", () => {
    const header = new Uint8Array(OPERAND_HEADER_BYTES + 3);
    for (const depth of [0, 1, 31, 126, 127, 128, 5000]) {
      writeOperandHeader(header, 0, 3, depth);
      expect(operandDepth(header, 0)).toBe(Math.min(127, depth));
      const operands = new Operands(append);
      operands.addOlder(header, CELL_MERGE);
      expect([operands.hasBase, operands.fold(true).bytes.length]).toEqual([false, 3]);
    }
  });
});
