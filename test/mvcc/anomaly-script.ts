/**
 * Golden scripts of what transactions see of each other: each line is a step, and below it stands what came of it.
 *
 *   # a comment
 *   options segmentBytes=65536 snapshotMemoryBytes=0      how the database is opened; before the first step
 *   put a 1 · delete a · get a · range a z · count        outside of transactions, in the map "m"
 *   T1: begin [serializable]                              an interactive transaction; S1: snapshot [at -2] takes a snapshot,
 *   T1: get a                                             at a commit counted back from the last
 *   T1: put a 1 · delete a · range · count                in it
 *   T1: savepoint x · rollback to x · commit · rollback
 *   S1: close
 *   fill 200000                                           commits of filler in another map, about so many bytes
 *   checkpoint                                            everything so far goes into pages
 *   put a 1 ttl 500 · wait 1000                           time passes when it is told to
 *   drop · maps                                           of the map "m"
 *
 * Results stand in lines that begin with "→"; an error shows its code and what it says up to the first semicolon.
 */
import { DbError, type DbMap, type Isolation } from "../../src/index.ts";
import { type Database, openOn, type Snapshot, type Transaction } from "../../src/mvcc/index.ts";
import { MemoryDisk } from "../../src/pager/index.ts";
import { seededRng } from "../../src/random.ts";
import { ManualClock } from "../api/manual-clock.ts";

const FILLER_BYTES = 4000;

/** Runs a script and returns it with what its steps give now. */
export async function replay(script: string): Promise<string> {
  const lines = script.split("\n").filter((line) => !line.startsWith("→"));
  const stage = new Stage(optionsIn(lines));
  let replayed = "";
  for (const line of lines.slice(0, -1)) {
    replayed += `${line}\n`;
    if (line !== "" && !line.startsWith("#") && !line.startsWith("options ")) {
      replayed += (await stage.run(line)).map((result) => `→ ${result}\n`).join("");
    }
  }
  stage.close();
  return replayed;
}

function optionsIn(lines: readonly string[]): Record<string, number> {
  const line = lines.find((each) => each.startsWith("options ")) ?? "";
  return Object.fromEntries([...line.matchAll(/(\w+)=(\d+)/g)].map(([, name, value]) => [name!, Number(value)]));
}

class Stage {
  readonly #clock: ManualClock;
  readonly #db: Database;
  readonly #transactions: Map<string, Transaction>;
  readonly #snapshots: Map<string, Snapshot>;
  readonly #savepoints: Map<string, number>;

  constructor(options: Record<string, number>) {
    this.#clock = new ManualClock();
    const seams = { disk: new MemoryDisk(), clock: this.#clock, rng: seededRng(1) };
    this.#db = openOn(seams, { checkpoints: "inline", ...options }, "pread");
    this.#db.map("m");
    this.#transactions = new Map();
    this.#snapshots = new Map();
    this.#savepoints = new Map();
  }

  close(): void {
    this.#db.close();
  }

  async run(line: string): Promise<string[]> {
    try {
      const actor = /^(\w+): (.*)$/.exec(line);
      if (actor === null) {
        return await this.#outside(line.split(" "));
      }
      return await this.#inside(actor[1]!, actor[2]!.split(" "));
    } catch (error) {
      if (error instanceof DbError) {
        return [`${error.code}: ${error.message.split(";")[0]}`];
      }
      throw error;
    }
  }

  async #outside(words: readonly string[]): Promise<string[]> {
    switch (words[0]) {
      case "checkpoint":
        await this.#checkpoint();
        return [];
      case "fill":
        this.#fill(Number(words[1]));
        return [];
      case "wait":
        this.#clock.advance(Number(words[1]));
        return [];
      case "drop":
        return [String(this.#db.drop("m"))];
      case "maps":
        return [this.#db.maps().join(" ")];
      default:
        return access(this.#db.map("m"), words);
    }
  }

  async #inside(name: string, words: readonly string[]): Promise<string[]> {
    if (words[0] === "begin") {
      this.#transactions.set(name, this.#db.begin({ isolation: (words[1] ?? "snapshot") as Isolation }));
      return [];
    }
    if (words[0] === "snapshot") {
      const at = words[1] === "at" ? { at: this.#db.lastCommit + Number(words[2]) } : {};
      this.#snapshots.set(name, this.#db.snapshot(at));
      return [];
    }
    const snapshot = this.#snapshots.get(name);
    if (snapshot !== undefined) {
      return words[0] === "close" ? done(snapshot.close()) : access(snapshot.map("m"), words);
    }
    return this.#inTransaction(name, this.#transactions.get(name)!, words);
  }

  async #inTransaction(name: string, transaction: Transaction, words: readonly string[]): Promise<string[]> {
    const command = words.join(" ");
    if (command === "commit") {
      await transaction.commit();
      return ["committed"];
    }
    if (command === "rollback") {
      return done(transaction.rollback());
    }
    if (words[0] === "savepoint") {
      this.#savepoints.set(`${name} ${words[1]}`, transaction.savepoint());
      return [];
    }
    if (words[0] === "rollback") {
      return done(transaction.rollbackTo(this.#savepoints.get(`${name} ${words[2]}`)!));
    }
    return access(transaction.map("m"), words);
  }

  async #checkpoint(): Promise<void> {
    await this.#clock.advanceUntil(this.#db.checkpoint());
  }

  #fill(bytes: number): void {
    const filler = this.#db.map("filler", { key: "number", value: "bytes" });
    for (let n = 0; n * FILLER_BYTES < bytes; n++) {
      filler.put(n, new Uint8Array(FILLER_BYTES));
    }
  }
}

/** A step that has nothing to show. */
function done(_result: unknown): string[] {
  return [];
}

/** What a map answers, wherever it is asked. */
function access(map: DbMap<string, unknown>, words: readonly string[]): string[] {
  const [verb, key, value, , ttl] = words;
  switch (verb) {
    case "get":
      return [show(map.get(key!))];
    case "put":
      return done(map.put(key!, value, ttl === undefined ? undefined : { ttl: Number(ttl) }));
    case "delete":
      return [map.delete(key!) ? "deleted" : "nothing there"];
    case "count":
      return [String(map.count())];
    case "range": {
      const bounds = { ...(key === undefined ? {} : { gte: key }), ...(value === undefined ? {} : { lt: value }) };
      return [[...map.range(bounds)].map(([k, v]) => `${k}=${show(v)}`).join(" ") || "empty"];
    }
    default:
      throw new Error(`there is no step ${words.join(" ")}`);
  }
}

function show(value: unknown): string {
  return value === undefined ? "nothing" : String(value);
}
