/** Inside a transaction, a loop that changed the map met a part of its own changes: which ones, memory decided. */
import { expect, it } from "vitest";
import type { DbMap } from "../../src/index.ts";
import { Simulated } from "./simulated.ts";

const KEYS = Array.from({ length: 40 }, (_, i) => `key ${10 + i}`);

function fill(map: DbMap<string, string>): void {
  for (const key of KEYS) {
    map.put(key, "before");
  }
}

/** Replaces, deletes and adds ahead of the loop, in every way that lets the cursor's sources move. */
function changeAhead(map: DbMap<string, string>, key: string, text: string): void {
  for (const other of KEYS) {
    map.put(other, text);
    map.put(`${other} and more`, text);
  }
  map.delete(key < "key 30" ? "key 45" : "key 15");
  map.put(`${key} next`, text);
}

function loopOver(map: DbMap<string, string>, reverse: boolean, text: string): void {
  const expected = map.range({ reverse }).toArray();
  const seen: [string, string][] = [];
  for (const [key, value] of map.range({ reverse })) {
    seen.push([key, value]);
    changeAhead(map, key, text);
  }
  expect(seen).toEqual(expected);
  expect(map.get("key 20")).toBe(text);
}

// A few bytes stay in the first arena of a write set and in one segment; many do not.
const TEXTS = ["after", "after".repeat(60)];

it.each([false, true])("a loop in a write transaction sees the map as it began; reverse: %s", async (reverse) => {
  for (const text of TEXTS) {
    for (const isInPages of [false, true]) {
      const simulated = new Simulated();
      const { db } = simulated.open();
      fill(db.map<string>("m"));
      if (isInPages) {
        const drained = db.checkpoint();
        await simulated.run(2000);
        await drained;
      }
      db.write((tx) => {
        const map = tx.map<string>("m");
        loopOver(map, reverse, text);
        loopOver(map, reverse, `${text}!`);
      });
      db.write((tx) => {
        fill(tx.map<string>("made here"));
        loopOver(tx.map<string>("made here"), reverse, text);
      });
    }
  }
});

it.each([false, true])("a loop in an interactive transaction too; reverse: %s", async (reverse) => {
  for (const text of TEXTS) {
    const { db } = new Simulated().open();
    fill(db.map<string>("m"));
    const transaction = db.begin();
    loopOver(transaction.map<string>("m"), reverse, text);
    loopOver(transaction.map<string>("m"), reverse, `${text}!`);
    await transaction.commit();
    expect(db.map<string>("m").get("key 20")).toBe(`${text}!`);
  }
});
