/** A bulk load waited for its source and for nothing else: where that had stalled, neither a signal nor a close ended it. */
import { expect, it } from "vitest";
import { open } from "../../src/index.ts";

async function* stalled(onReturn: () => void): AsyncGenerator<[string, number]> {
  try {
    yield ["a", 1];
    await new Promise(() => {});
  } finally {
    onReturn();
  }
}

const aTurn = () => new Promise((resolve) => setTimeout(resolve, 20));

it("a signal ends a load whose source has stalled, and the map can be loaded again", async () => {
  using db = open(":memory:");
  const map = db.map<number>("m");
  const controller = new AbortController();
  const loaded = map.load(
    stalled(() => {}),
    { signal: controller.signal },
  );
  await aTurn();
  controller.abort(new Error("enough"));
  await expect(loaded).rejects.toThrow("enough");
  expect(map.count()).toBe(0);
  map.put("written", 1);
  map.delete("written");
  await db.compact();
  expect(await map.load([["a", 1]])).toMatchObject({ entries: 1 });
});

it("closing the database ends it too", async () => {
  const db = open(":memory:");
  const loaded = db.map<number>("m").load(stalled(() => {}));
  await aTurn();
  db.close();
  await expect(loaded).rejects.toMatchObject({ code: "CLOSED" });
});

it("a source is told to return where the load fails, and its own error is the load's", async () => {
  using db = open(":memory:");
  let returned = 0;
  async function* descending(): AsyncGenerator<[string, number]> {
    try {
      yield ["b", 1];
      yield ["a", 2];
    } finally {
      await aTurn();
      returned++;
    }
  }
  await expect(db.map<number>("m").load(descending())).rejects.toMatchObject({ code: "INVALID" });
  expect(returned).toBe(1);
  async function* broken(): AsyncGenerator<[string, number]> {
    yield ["a", 1];
    throw new Error("the stream broke");
  }
  await expect(db.map<number>("m").load(broken())).rejects.toThrow("the stream broke");
});

it("what cannot be iterated is INVALID", async () => {
  using db = open(":memory:");
  for (const entries of [null, undefined, 5, "text", {}] as unknown as [string, number][][]) {
    await expect(db.map<number>("m").load(entries)).rejects.toMatchObject({ code: "INVALID" });
  }
});
