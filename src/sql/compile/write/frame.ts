/** The frame of a function that writes rows of one table. */
import { AssertionError } from "../../../assert.ts";
import type { Plans } from "../../query/plan/plan.ts";
import { Emitter } from "../emitter.ts";
import type { Frame } from "../frame.ts";
import { newFrame } from "../query.ts";
import { FunctionUnit, StatementUnit } from "../unit.ts";

/** There are no queries in it. */
export function writingFrame(): Frame {
  return newFrame(
    new FunctionUnit(
      new Emitter(),
      new StatementUnit({ heldRows: 0, heldBytes: 0, plans: NO_PLANS, interpreterOf: () => undefined }),
    ),
  );
}

const NO_PLANS: Plans = {
  plan: () => {
    throw new AssertionError("a statement that writes and is compiled has no queries in it");
  },
};
