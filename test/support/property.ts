/**
 * Property tests with fast-check: a new seed every run, printed with the failure, taken from NACRE_SEED to run it again.
 *
 *   checkProperty(fc.property(fc.array(fc.string()), (keys) => …));
 *   await checkProperty(fc.asyncProperty(operations, async (list) => …), { runs: 50 });
 *
 * A failure shows the shrunk counterexample and one line to run the same case again:
 *
 *   NACRE_SEED=-1893402:4:0:2 npx vitest run -t "the name of the test"
 *
 * The seed alone repeats all runs; with the path behind it, the shrunk case only. NACRE_RUNS=20 makes every property
 * run 20 times as often, for a longer search by hand.
 */
import fc from "fast-check";
import { systemRng } from "../../src/random.ts";

export interface PropertyOptions {
  /** How many cases to try; 100 unless said. */
  readonly runs?: number;
  /** Cases that are always tried first: what earlier searches have found. */
  readonly examples?: readonly unknown[];
}

const DEFAULT_RUNS = 100;

/** Throws with the shrunk counterexample and its seed if the property does not hold. */
export function checkProperty<Ts>(property: fc.IProperty<Ts>, options?: PropertyOptions): void;
export function checkProperty<Ts>(property: fc.IAsyncProperty<Ts>, options?: PropertyOptions): Promise<void>;
export function checkProperty<Ts>(property: fc.IRawProperty<Ts>, options: PropertyOptions = {}): void | Promise<void> {
  const details: fc.RunDetails<Ts> | Promise<fc.RunDetails<Ts>> = fc.check(property, propertyParameters<Ts>(options));
  return details instanceof Promise ? details.then(report) : report(details);
}

/** Parameters for `fc.assert` and `fc.check`, with the seed of this run. */
export function propertyParameters<Ts>(options: PropertyOptions = {}): fc.Parameters<Ts> {
  const runs = (options.runs ?? DEFAULT_RUNS) * Number(process.env.NACRE_RUNS ?? 1);
  const examples = (options.examples ?? []) as Ts[];
  const { seed, path } = chosenSeed();
  return path === undefined ? { seed, numRuns: runs, examples } : { seed, path, numRuns: runs, examples };
}

/** The seed for a test that draws by itself (`seededRng(testSeed())`); put it into the failure message. */
export function testSeed(): number {
  return chosenSeed().seed;
}

function chosenSeed(): { seed: number; path?: string } {
  const text = process.env.NACRE_SEED;
  if (text === undefined || text === "") {
    return { seed: systemRng.next() | 0 };
  }
  const end = text.indexOf(":");
  const seed = Number(end < 0 ? text : text.slice(0, end));
  if (!Number.isInteger(seed)) {
    throw new Error(`NACRE_SEED is a whole number, or one with a path behind it (42:3:0:1); it is "${text}"`);
  }
  return end < 0 ? { seed } : { seed, path: text.slice(end + 1) };
}

function report<Ts>(details: fc.RunDetails<Ts>): void {
  if (!details.failed) {
    return;
  }
  const path = details.counterexamplePath === null ? "" : `:${details.counterexamplePath}`;
  throw new Error(`NACRE_SEED=${details.seed}${path} repeats this case\n${fc.defaultReportMessage(details)}`, {
    cause: details.errorInstance,
  });
}
