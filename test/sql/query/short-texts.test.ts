/** Groups of short texts against a map, in tables that see few texts again and again, and many once. */
import { expect, it } from "vitest";
import { seededRng } from "../../../src/random.ts";
import { GroupTable } from "../../../src/sql/run/group-table.ts";
import { MOST_SHORT_BYTES, ShortTexts } from "../../../src/sql/run/short-texts.ts";
import { testSeed } from "../../support/property.ts";

const encoder = new TextEncoder();
const rng = seededRng(testSeed());

function below(limit: number): number {
  return rng.next() % limit;
}

/** Texts that differ in one place or in their length alone, up to four bytes longer than short. */
function randomText(letters: number): string {
  const text = "a".repeat(below(MOST_SHORT_BYTES + 5)).split("");
  if (text.length > 0) {
    text[below(text.length)] = String.fromCharCode(97 + below(letters));
  }
  return text.join("");
}

it.each([2, 26, 20_000])("texts that differ in one of %i letters have their groups", (letters) => {
  const table = new GroupTable(1, 1e6);
  const groups = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const text = randomText(letters);
    const bytes = encoder.encode(`...${text}`);
    const found = table.findText(bytes, new DataView(bytes.buffer), 3, bytes.length);
    const known = groups.get(text) ?? groups.size;
    expect(found).toBe(known);
    groups.set(text, known);
  }
  expect(table.count).toBe(groups.size);
});

it("is given up where most texts are new, and not where most are known", () => {
  const [few, many] = [new ShortTexts(), new ShortTexts()];
  for (let i = 0; i < 5000; i++) {
    for (const [texts, different] of [[few, 7] as const, [many, 5000] as const]) {
      const bytes = encoder.encode(String(i % different));
      if (texts.look(bytes, new DataView(bytes.buffer), 0, bytes.length) < 0) {
        texts.note(bytes.length, i % different);
      }
    }
  }
  expect([few.isWorthwhile, many.isWorthwhile]).toEqual([true, false]);
});
