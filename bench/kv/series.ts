/**
 * Courses over time, drawn as a line each below the table.
 *
 * Of several rounds the one is drawn whose figure of `metric` is nearest to the median, so that line and table agree.
 */
import type { MetricId, Unit } from "./metrics.ts";

export type SeriesId = "sustained-rate" | "overwrite-space";

export interface Series {
  readonly id: SeriesId;
  readonly label: string;
  readonly unit: Unit;
  readonly metric: MetricId;
}

/** Values at even intervals of time. */
export interface Course {
  readonly values: readonly number[];
  readonly intervalMs: number;
}

export const SERIES: readonly Series[] = [
  {
    id: "sustained-rate",
    label: "rate of the sustained fill, while writing",
    unit: "per second",
    metric: "sustained-fill",
  },
  { id: "overwrite-space", label: "on disk / live, fill and overwrite", unit: "times", metric: "overwrite" },
];
