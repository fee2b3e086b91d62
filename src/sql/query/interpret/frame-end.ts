/** Where a window's frame begins and ends, in numbers. */
import { DbError } from "../../../errors.ts";
import type { FrameEnd } from "../../run/window-frame.ts";
import { toNumericAffinity } from "../../value/affinity.ts";
import { answer, answered, BIG, INTEGER, NULL, REAL } from "../../value/value.ts";
import type { BoundWindow } from "../bind/bound.ts";
import { evaluatorOf } from "./expression.ts";
import type { Site } from "./site.ts";

/** An end of a window's frame; how far it is, is worked out once a partition. */
export function frameEnd(site: Site, window: BoundWindow, which: "start" | "end"): () => FrameEnd {
  const { kind, distance } = window[which];
  if (distance === undefined) {
    return () => ({ kind, tag: NULL, distance: null });
  }
  const evaluate = evaluatorOf(site, distance);
  const whole = window.unit !== "range";
  return () => {
    evaluate();
    toNumericAffinity(answer.tag, answered());
    const { tag } = answer;
    const value = answered();
    const isNumber = tag === INTEGER || tag === BIG || (tag === REAL && !whole);
    if (!isNumber || Number(value) < 0) {
      const what = whole ? "integer" : "number";
      throw new DbError(
        "INVALID",
        `frame ${which === "start" ? "starting" : "ending"} offset must be a non-negative ${what}`,
      );
    }
    return { kind, tag, distance: value };
  };
}
