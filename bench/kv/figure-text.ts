/** Figures as they are read in the table. */
import type { Unit } from "./metrics.ts";

export function figureText(unit: Unit, figure: number): string {
  switch (unit) {
    case "bytes":
      return `${figure.toFixed(1)} B`;
    case "ms":
    case "µs":
      return `${figure.toFixed(figure < 10 ? 1 : 0)} ${unit}`;
    case "MB":
      return `${figure.toFixed(0)} MB`;
    case "times":
      return `${figure.toFixed(2)}x`;
    case "share":
      return `${(figure * 100).toFixed(0)} %`;
    case "per second":
      return rateText(figure);
  }
}

function rateText(rate: number): string {
  if (rate >= 1e6) {
    return `${(rate / 1e6).toFixed(2)} M/s`;
  }
  if (rate >= 1e3) {
    return rate >= 1e4 ? `${(rate / 1e3).toFixed(0)} k/s` : `${(rate / 1e3).toFixed(2)} k/s`;
  }
  return `${rate.toFixed(1)} /s`;
}
