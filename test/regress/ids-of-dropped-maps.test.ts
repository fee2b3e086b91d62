/** A copy that asked for the id of a map which had been dropped was given its entries too, until the next checkpoint. */
import { describe, expect, it } from "vitest";
import { checkLsmSettings, type Database, type EngineKind } from "../../src/mvcc/index.ts";
import { Simulated } from "./simulated.ts";

describe.each(["btree", "lsm"] as const)("on %s", (engine) => {
  it("no map gets the id of a dropped one", async () => {
    const simulated = new Simulated();
    let { db } = simulated.open();
    const secrets = db.map("secrets", { engine });
    secrets.put("a", 1);
    await simulated.done(db.checkpoint());
    const { id } = db.store.catalog.find("secrets")!;
    db.drop("secrets");
    expect(() => createWith(db, engine, "copy", id)).toThrow(
      /cannot have the id 16, which an earlier map may have had/,
    );
    expect(db.map("copy", { engine }).count()).toBe(0);
    simulated.abandon();
    ({ db } = simulated.open());
    expect(() => createWith(db, engine, "other", id)).toThrow(expect.objectContaining({ code: "INVALID" }));
    db.close();
    ({ db } = simulated.open());
    expect(() => createWith(db, engine, "other", id)).toThrow(expect.objectContaining({ code: "INVALID" }));
    db.close();
  });

  it("ids that were left out can be had in any order", () => {
    const { db } = new Simulated().open();
    for (const id of [30, 20, 25, 2 ** 31 - 1]) {
      createWith(db, engine, `copy ${id}`, id);
      expect(db.store.catalog.find(`copy ${id}`)?.id).toBe(id);
    }
    expect(() => createWith(db, engine, "copy", 25)).toThrow(/the id 25, which copy 25 has/);
    db.drop("copy 20");
    expect(() => createWith(db, engine, "copy", 20)).toThrow(expect.objectContaining({ code: "INVALID" }));
    db.close();
  });
});

function createWith(db: Database, engine: EngineKind, name: string, id: number): void {
  const settings = engine === "lsm" ? { lsm: checkLsmSettings({}) } : {};
  db.store.createKeyspace(name, { engine, key: "string", value: "json", ...settings }, id);
}
