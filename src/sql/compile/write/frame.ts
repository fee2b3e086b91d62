/** The frame of a function that writes rows of one table. */
import { AssertionError } from "../../../assert.ts";
import { Emitter } from "../emitter.ts";
import type { Frame } from "../frame.ts";
import { newFrame } from "../query.ts";
import { FunctionUnit, StatementUnit } from "../unit.ts";

/** There are no queries in it. */
export function writingFrame(): Frame {
  const planOf = (): never => {
    throw new AssertionError("a statement that writes and is compiled has no queries in it");
  };
  return newFrame(
    new FunctionUnit(new Emitter(), new StatementUnit({ heldRows: 0, planOf, interpreterOf: () => undefined })),
  );
}
