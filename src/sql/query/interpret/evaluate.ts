/** What expressions are when they are interpreted: closures that leave a value in `answer`, and tests that give 1, 0 or UNKNOWN. */

import { applyAffinity, toNumericAffinity, toTextAffinity } from "../../value/affinity.ts";
import { answer, answered } from "../../value/value.ts";
import type { Conversion } from "../bind/bound.ts";

export type Evaluate = () => void;
export type Test = () => number;

/** NULL, as the truth of a test. */
export const UNKNOWN = -1;

/** What a comparison does to the value in `answer`. */
export function convertAnswer(conversion: Conversion): void {
  if (conversion === "NUMERIC") {
    toNumericAffinity(answer.tag, answered());
  } else if (conversion === "TEXT") {
    toTextAffinity(answer.tag, answered());
  } else if (conversion === "REAL") {
    applyAffinity("REAL", answer.tag, answered());
  }
}
