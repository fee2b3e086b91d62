/**
 * Random tables, rows, changes and queries on nacre and on SQLite (sql.js): both do the same, or both refuse.
 *
 * Queries are of every kind, but such that SQL says what they give: where the order of rows, or of evaluation, would decide, the
 * generator asks for something else (queries.ts), or the comparison lets it pass (compare.ts). What nacre does not have yet
 * (UNSUPPORTED) is left out on both sides.
 *
 * nacre interprets, compiles or chooses, or has next to nothing in memory, as drawn; interpreting, it tells the types of numbers, so
 * that these are compared, too.
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
import { createView, queryPlace, type Relation, topQuery } from "./sql-differential/queries.ts";
import { play, type Scenario, type Step, scriptOf, shrunk } from "./sql-differential/scenario.ts";
import {
  createIndex,
  createTable,
  createTrigger,
  fill,
  fillMany,
  type RandomTable,
} from "./sql-differential/schema.ts";
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
  const made = schemaOf(dice, traits);
  const { tables, views } = made;
  const steps = made.statements.map(plainStep);
  for (let left = QUERIES; left > 0; left--) {
    if (dice.once(5)) {
      const table = dice.pick(tables);
      const place = queryPlace(dice, traits, tables, views, 0);
      const changed = change(dice, traits, table, (width) => topQuery(place, width).tree);
      steps.push(plainStep(changed), ...tables.map(({ name }) => plainStep(fixed`SELECT * FROM ${name}`)));
    } else {
      steps.push(topQuery(queryPlace(dice, traits, tables, views, DEPTH)));
    }
  }
  return { steps, collations: traits.collations, mode: dice.pick(["exact", "compiled", "auto", "disk"] as const) };
}

function plainStep(tree: Tree): Step {
  return { tree, ordering: [] };
}

function schemaOf(dice: Dice, traits: Traits): { tables: RandomTable[]; views: Relation[]; statements: Tree[] } {
  const tables: RandomTable[] = [];
  const views: Relation[] = [];
  const statements: Tree[] = [];
  for (let index = dice.below(3); index >= 0; index--) {
    const { table, statement } = createTable(dice, traits, `t${tables.length}`);
    tables.push(table);
    statements.push(statement, ...fill(dice, traits, table, dice.below(8)));
    if (traits.manyRows && dice.once(2)) {
      statements.push(fillMany(dice, table));
    }
  }
  for (let index = 0; index < dice.below(4); index++) {
    const table = dice.pick(tables);
    statements.push(createIndex(dice, table, `i${index}`, () => randomExpression(placeOf(dice, traits, table), 1)));
  }
  for (let index = 0; index < dice.below(3); index++) {
    const { statement, view } = createView(queryPlace(dice, traits, tables, views, 1), `v${index}`);
    views.push(view);
    statements.push(statement);
  }
  for (const [index, table] of tables.slice(1).entries()) {
    if (dice.once(3)) {
      const expressionOf = (columns: readonly string[]): Tree =>
        randomExpression({ ...placeOf(dice, traits, { columns }), mayBeBare: false }, 1);
      statements.push(createTrigger(dice, `g${index}`, table, tables[index]!, expressionOf));
    }
  }
  return { tables, views, statements };
}

function placeOf(dice: Dice, traits: Traits, { columns }: Pick<RandomTable, "columns">): Place {
  return { dice, traits, columns, outer: [], subquery: undefined, aggregates: false, windows: false, mayBeBare: true };
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
