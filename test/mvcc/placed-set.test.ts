/** Objects that know their place in a set, against a Set. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NOWHERE, type Placed, PlacedSet } from "../../src/mvcc/placed-set.ts";

class Item implements Placed {
  place: number = NOWHERE;
}

describe("a set of objects that know their place", () => {
  it("holds what a Set would hold", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), fc.boolean())), (steps) => {
        const items = Array.from({ length: 10 }, () => new Item());
        const set = new PlacedSet<Item>();
        const model = new Set<Item>();
        for (const [index, isAdded] of steps) {
          const item = items[index]!;
          if (!isAdded) {
            expect(set.delete(item)).toBe(model.delete(item));
          } else if (!model.has(item)) {
            set.add(item);
            model.add(item);
          }
          expect(new Set(set)).toEqual(model);
          expect(set.size).toBe(model.size);
        }
        expect(new Set(set.clear())).toEqual(model);
        expect(set.size).toBe(0);
        expect(items.every(({ place }) => place === NOWHERE)).toBe(true);
      }),
    );
  });

  it("does not take out what another set holds", () => {
    const item = new Item();
    const [set, other] = [new PlacedSet<Item>(), new PlacedSet<Item>()];
    set.add(item);
    expect(other.delete(item)).toBe(false);
    expect(set.delete(item)).toBe(true);
  });
});
