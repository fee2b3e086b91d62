import { expect, test } from "vitest";
import { seededRng } from "../../src/random.ts";
import { Sorter, type SortTerm } from "../../src/sql/run/sorter.ts";
import { sorterOf } from "../../src/sql/run/top-rows.ts";
import type { SqlValue } from "../../src/sql/value/value.ts";
import { NULL, tagOf } from "../../src/sql/value/value.ts";

const VALUES: readonly SqlValue[] = [null, 0, 1, 1.5, -3, 2, 7, "a", "b", "", 2n ** 60n, Uint8Array.of(1), 1e300];

/** Numbers alone, then anything. */
test.each([5, VALUES.length])(
  "the first rows are those of a whole sort, equal ones in the order of their coming",
  (kinds) => {
    const rng = seededRng(71);
    const draw = (below: number): number => rng.next() % below;
    for (let round = 0; round < 300; round++) {
      const terms: SortTerm[] = Array.from({ length: 1 + draw(3) }, () => ({
        descending: draw(2) === 0,
        nullsFirst: draw(2) === 0,
      }));
      const wanted = 1 + draw(20);
      const sorters = [sorterOf(terms, wanted, 1e6), new Sorter(terms, Number.POSITIVE_INFINITY, 1e6)];
      expect(sorters[0]).not.toBeInstanceOf(Sorter);
      const rows = draw(60);
      for (let row = 0; row < rows; row++) {
        const keys = terms
          .map(() => VALUES[1 + draw(kinds - 1)]!)
          .map((key) => (draw(9) === 0 && kinds > 5 ? null : key));
        for (const sorter of sorters) {
          const slot = sorter.offerValue(tagOf(keys[0]) ?? NULL, keys[0]!);
          if (slot < 0) {
            continue;
          }
          keys.slice(1).forEach((key, index) => {
            sorter.keyValue(slot, index + 1, tagOf(key) ?? NULL, key);
          });
          sorter.rows[slot] = row;
        }
      }
      const skip = draw(wanted);
      const [top, whole] = sorters.map((sorter) => {
        const out: unknown[] = [];
        sorter.finish(out, skip, wanted - skip);
        return out;
      });
      expect(top).toEqual(whole);
    }
  },
);
