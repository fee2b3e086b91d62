/** Statements one after the other on nacre and on SQLite: the first that does something else, and fewer and smaller ones that do. */
import { type Difference, difference } from "./compare.ts";
import type { Oracle } from "./oracle.ts";
import type { Mode, Subject } from "./subject.ts";
import { reductions, type Tree, textOf } from "./tree.ts";

export interface Step {
  readonly tree: Tree;
  /** Places of the columns that its rows are ordered by. */
  readonly ordering: readonly number[];
}

export interface Scenario {
  readonly steps: readonly Step[];
  readonly collations: boolean;
  readonly mode: Mode;
}

export interface Finding extends Difference {
  /** The step that differs. */
  readonly at: number;
}

export interface Pair {
  readonly subject: Subject;
  readonly oracle: Oracle;
}

/** What differs first; undefined: nothing. What nacre refuses is left out on both sides. */
export function play({ subject, oracle }: Pair, { steps, collations, mode }: Scenario): Finding | undefined {
  subject.reset(mode);
  oracle.reset();
  for (const [at, { tree, ordering }] of steps.entries()) {
    const text = textOf(tree);
    const found = subject.run(text);
    if (found.kind === "refused") {
      continue;
    }
    const expected = oracle.run(text);
    const differs = difference(expected, found, { ordering, collations, isExact: mode === "exact" || mode === "disk" });
    if (differs !== undefined) {
      return { ...differs, at };
    }
    if ((expected.kind === "error") !== (found.kind === "error")) {
      // Both may do so; but from here on they do not have the same rows.
      return undefined;
    }
  }
  return undefined;
}

/** A smaller scenario in which the same differs, as small as can be found until the time is up. */
export function shrunk(pair: Pair, scenario: Scenario, finding: Finding, isOver: () => boolean): Scenario {
  const fails = (steps: readonly Step[]): boolean => play(pair, { ...scenario, steps })?.kind === finding.kind;
  let steps: readonly Step[] = scenario.steps.slice(0, finding.at + 1);
  for (let before = -1; before !== sizeOf(steps) && !isOver(); ) {
    before = sizeOf(steps);
    steps = withoutSteps(steps, fails, isOver);
    for (let at = steps.length - 1; at >= 0 && !isOver(); at--) {
      steps = smallerStep(steps, at, fails, isOver);
    }
  }
  return { ...scenario, steps };
}

function sizeOf(steps: readonly Step[]): number {
  return steps.reduce((size, { tree }) => size + textOf(tree).length, 0);
}

function withoutSteps(
  steps: readonly Step[],
  fails: (steps: readonly Step[]) => boolean,
  isOver: () => boolean,
): readonly Step[] {
  let kept = steps;
  for (let size = kept.length >> 1; size > 0 && !isOver(); size >>= 1) {
    for (let end = kept.length - 1; end > 0 && !isOver(); end -= size) {
      const fewer = kept.toSpliced(Math.max(0, end - size), Math.min(size, end));
      if (fails(fewer)) {
        kept = fewer;
      }
    }
  }
  return kept;
}

function smallerStep(
  steps: readonly Step[],
  at: number,
  fails: (steps: readonly Step[]) => boolean,
  isOver: () => boolean,
): readonly Step[] {
  let kept = steps;
  for (let isDone = false; !isDone && !isOver(); ) {
    isDone = true;
    const step = kept[at]!;
    const { length } = textOf(step.tree);
    for (const smaller of reductions(step.tree)) {
      if (isOver()) {
        break;
      }
      const fewer = kept.with(at, { ...step, tree: smaller });
      if (textOf(smaller).length < length && fails(fewer)) {
        kept = fewer;
        isDone = false;
        break;
      }
    }
  }
  return kept;
}

/** As statements to try out. */
export function scriptOf({ steps }: Scenario): string {
  return steps.map(({ tree }) => `${textOf(tree)};`).join("\n");
}
