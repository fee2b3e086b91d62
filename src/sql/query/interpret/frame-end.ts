/** Where a window's frame begins and ends, in numbers. */
import { type FrameEnd, frameEndOf } from "../../run/window-frame.ts";
import { answer, answered, answerNull } from "../../value/value.ts";
import type { BoundWindow } from "../bind/bound.ts";
import { evaluatorOf } from "./expression.ts";
import type { Site } from "./site.ts";

/** An end of a window's frame; how far it is, is worked out when it is asked for. */
export function frameEnd(site: Site, window: BoundWindow, which: "start" | "end"): () => FrameEnd {
  const { kind, distance } = window[which];
  const evaluate = distance === undefined ? answerNull : evaluatorOf(site, distance);
  const shape = { kind, which, isWhole: window.unit !== "range", hasDistance: distance !== undefined };
  return () => {
    evaluate();
    return frameEndOf(shape, answer.tag, answered());
  };
}
