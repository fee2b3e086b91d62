/** Many range deletes in a database: checkpoints into a tree and into runs, segments that they fill, recovery. */
import { describe, expect, it } from "vitest";
import { seededRng } from "../../src/random.ts";
import { Simulated } from "../regress/simulated.ts";
import { testSeed } from "../support/property.ts";

const KEYS = 600;

for (const engine of ["btree", "lsm"] as const) {
  describe(`ranges deleted from a map of the engine ${engine}`, () => {
    it("are gone after checkpoints, and what came later is there", async () => {
      const seed = testSeed();
      const rng = seededRng(seed);
      const below = (n: number) => rng.next() % n;
      const simulated = new Simulated();
      const { db } = simulated.open();
      // A function of the application's is not known to checkpoints: they leave its operands as they are.
      const merge = below(2) === 0 ? "counter" : (older: number, newer: number) => older + newer;
      const map = db.map<number>("counters", { key: "number", engine, merge });
      const model = new Map<number, number>();
      for (let round = 0; round < 12; round++) {
        for (let i = below(150); i > 0; i--) {
          const key = below(KEYS);
          model.set(key, i);
          map.put(key, i);
        }
        for (let i = below(100); i > 0; i--) {
          const gte = below(KEYS);
          const lt = gte + 1 + below(below(10) === 0 ? KEYS : 4);
          map.deleteRange({ gte, lt });
          for (let key = gte; key < lt; key++) {
            model.delete(key);
          }
        }
        for (let i = below(100); i > 0; i--) {
          const key = below(KEYS);
          model.set(key, (model.get(key) ?? 0) + i);
          map.merge(key, i);
        }
        const expected = [...model].sort(([a], [b]) => a - b);
        expect(map.range().toArray(), `NACRE_SEED=${seed}`).toEqual(expected);
        await simulated.done(db.checkpoint());
        expect(map.range().toArray(), `NACRE_SEED=${seed}`).toEqual(expected);
        expect(map.range({ reverse: true }).toArray(), `NACRE_SEED=${seed}`).toEqual(expected.toReversed());
      }
      await simulated.done(db.check());
      db.close();
    });

    it("fill a segment before its end, in one commit or in many, and are recovered", async () => {
      const simulated = new Simulated();
      const { db } = simulated.open();
      const map = db.map<number>("map", { key: "number", engine });
      db.write((tx) => {
        for (let key = 0; key < 3000; key++) {
          tx.map<number>("map", { key: "number", engine }).put(key, key);
        }
      });
      await simulated.done(db.checkpoint());
      db.write((tx) => {
        for (let key = 0; key < 2000; key += 2) {
          tx.map<number>("map", { key: "number", engine }).deleteRange({ gte: key, lt: key + 1 });
        }
      });
      for (let key = 2000; key < 3000; key += 2) {
        map.deleteRange({ gte: key, lt: key + 1 });
      }
      const odd = Array.from({ length: 1500 }, (_, i) => 2 * i + 1);
      expect([...map.range().keys()]).toEqual(odd);
      simulated.abandon();
      const { db: again } = simulated.open();
      const recovered = again.map<number>("map", { key: "number", engine });
      expect([...recovered.range().keys()]).toEqual(odd);
      await simulated.done(again.checkpoint());
      expect([...recovered.range().keys()]).toEqual(odd);
      await simulated.done(again.check());
      again.close();
    });
  });
}
