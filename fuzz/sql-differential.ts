/**
 * Random tables, rows, changes and queries on nacre and on SQLite (sql.js): both do the same, or both refuse.
 *
 * Queries are of every kind, but such that SQL says what they give: where the order of rows, or of evaluation, would decide, the
 * generator asks for something else (queries.ts), or the comparison lets it pass (compare.ts). What nacre does not have yet
 * (UNSUPPORTED) is left out on both sides.
 *
 * A finding is made small, statement by statement and expression by expression, and told as a script; mended, it goes into
 * test/fixtures/sql-logic/regressions.test.
 *
 * Canary, planted in the test double under nacre: "lost-row" (sql.ts).
 */
import type { Rng } from "../src/random.ts";
import { Dice } from "./dice.ts";
import type { Fuzzer, FuzzOptions } from "./fuzzer.ts";
import { type Place, randomExpression } from "./sql-differential/expressions.ts";
import { openOracle } from "./sql-differential/oracle.ts";
import { queryPlace, topQuery } from "./sql-differential/queries.ts";
import { play, type Scenario, type Step, scriptOf, shrunk } from "./sql-differential/scenario.ts";
import { createIndex, createTable, fill, type RandomTable } from "./sql-differential/schema.ts";
import { change } from "./sql-differential/statements.ts";
import { Subject } from "./sql-differential/subject.ts";
import { drawTraits, type Traits } from "./sql-differential/traits.ts";
import { fixed, type Tree } from "./sql-differential/tree.ts";

const QUERIES = 25;
const SHRINK_MS = 30_000;
/** Queries inside one another. */
const DEPTH = 2;

function scenarioOf(dice: Dice): Scenario {
  const traits = drawTraits(dice);
  const tables: RandomTable[] = [];
  const steps: Step[] = [];
  const add = (...trees: readonly Tree[]): void => {
    steps.push(...trees.map((tree) => ({ tree, ordering: [] })));
  };
  for (let index = dice.below(3); index >= 0; index--) {
    const { table, statement } = createTable(dice, traits, `t${tables.length}`);
    tables.push(table);
    add(statement, ...fill(dice, traits, table, dice.below(8)));
  }
  for (let index = 0; index < dice.below(4); index++) {
    const table = dice.pick(tables);
    add(createIndex(dice, table, `i${index}`, () => randomExpression(placeOf(dice, traits, table), 1)));
  }
  for (let left = QUERIES; left > 0; left--) {
    if (dice.once(5)) {
      const table = dice.pick(tables);
      const place = queryPlace(dice, traits, tables, 0);
      add(
        change(dice, traits, table, (width) => topQuery(place, width).tree),
        fixed`SELECT * FROM ${table.name}`,
      );
    } else {
      steps.push(topQuery(queryPlace(dice, traits, tables, DEPTH)));
    }
  }
  return { steps, collations: traits.collations };
}

function placeOf(dice: Dice, traits: Traits, { columns }: RandomTable): Place {
  return { dice, traits, columns, outer: [], subquery: undefined, aggregates: false, windows: false };
}

async function run(rng: Rng, { canary }: FuzzOptions): Promise<void> {
  const pair = { subject: new Subject(canary), oracle: await openOracle() };
  try {
    const scenario = scenarioOf(new Dice(rng));
    const finding = play(pair, scenario);
    if (finding !== undefined) {
      const deadline = Date.now() + (canary === undefined ? SHRINK_MS : 0);
      const small = shrunk(pair, scenario, finding, () => Date.now() > deadline);
      const text = play(pair, small)?.text ?? finding.text;
      throw new Error(`${finding.kind}\n${scriptOf(small)}\n${text}`);
    }
  } finally {
    pair.oracle.close();
  }
}

export const sqlDifferentialFuzzer: Fuzzer = {
  name: "sql-differential",
  canaries: ["lost-row"],
  run,
};
