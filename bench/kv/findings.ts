/** What a child process has found: the figures of its rows, and courses over time where its task has one. */
import type { Figures } from "./metrics.ts";
import type { Course, SeriesId } from "./series.ts";

export interface Findings {
  readonly figures: Figures;
  readonly courses: Partial<Record<SeriesId, Course>>;
}
