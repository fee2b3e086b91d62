/** Courses over time as lines below the table. */
import { blockLine } from "./block-line.ts";
import type { EngineName } from "./engine.ts";
import { figureText } from "./figure-text.ts";
import { median } from "./median.ts";
import type { Results } from "./runner.ts";
import { type Course, SERIES, type Series } from "./series.ts";

const WIDTH = 72;
const MS_PER_SECOND = 1000;

/** What was drawn for one engine. */
export interface Drawing {
  readonly engine: EngineName;
  /** Heights from zero to the highest of this engine's own values. */
  readonly line: string;
  readonly highest: number;
  readonly seconds: number;
}

export interface DrawnSeries {
  readonly series: Series;
  readonly drawings: readonly Drawing[];
}

export function drawSeries(results: Results): DrawnSeries[] {
  return SERIES.map((series) => ({ series, drawings: drawingsOf(series, results) })).filter(
    ({ drawings }) => drawings.length > 0,
  );
}

function drawingsOf(series: Series, results: Results): Drawing[] {
  const drawings: Drawing[] = [];
  for (const engine of results.keys()) {
    const course = middleCourse(series, results, engine);
    if (course !== undefined && course.values.length > 0) {
      const highest = course.values.reduce((most, value) => Math.max(most, value), 0);
      const seconds = (course.values.length * course.intervalMs) / MS_PER_SECOND;
      drawings.push({ engine, line: blockLine(course.values, WIDTH, highest), highest, seconds });
    }
  }
  return drawings;
}

/** Of the rounds, the course of the one whose figure is nearest to the median. */
function middleCourse({ id, metric }: Series, results: Results, engine: EngineName): Course | undefined {
  const rounds = (results.get(engine) ?? []).flatMap(({ figures, courses }) => {
    const figure = figures[metric];
    const course = courses[id];
    return figure === undefined || course === undefined ? [] : [{ figure, course }];
  });
  const middle = median(rounds.map(({ figure }) => figure));
  rounds.sort((a, b) => Math.abs(a.figure - middle) - Math.abs(b.figure - middle));
  return rounds[0]?.course;
}

/** Each line spans its own time, and rises from zero to its own highest value, which stand behind it. */
export function textOfSeries(drawn: readonly DrawnSeries[]): string {
  return drawn.map(({ series, drawings }) => [series.label, ...linesOf(series, drawings)].join("\n")).join("\n\n");
}

function linesOf({ unit }: Series, drawings: readonly Drawing[]): string[] {
  const nameWidth = Math.max(...drawings.map(({ engine }) => engine.length));
  const lineWidth = Math.max(...drawings.map(({ line }) => line.length));
  return drawings.map(({ engine, line, highest, seconds }) => {
    const scale = `${figureText(unit, highest)} at the most, ${seconds.toFixed(1)} s`;
    return `${engine.padEnd(nameWidth)}  ${line.padEnd(lineWidth)}  ${scale}`;
  });
}
