/**
 * Which character separates the fields of a CSV file: the one under which the first records agree best.
 *
 * Each candidate parses the first records of a sample. A candidate counts if at least the first two agree on a number
 * of fields, and more than one; the most fields win, and the comma where nothing counts (a file of one column).
 * A record further on that disagrees is for the import itself to report, with its line.
 */
import { CsvParser, type CsvRow } from "./csv.ts";

const CANDIDATES = [",", ";", "\t", "|"] as const;
/** Text beyond this tells nothing new. */
export const DELIMITER_SAMPLE_LENGTH: number = 64 * 1024;

/** `sample` is the beginning of the file, cut anywhere; `isWhole` says that it is all of it. */
export function detectDelimiter(sample: string, isWhole: boolean): string {
  let best = ",";
  let mostFields = 1;
  for (const delimiter of CANDIDATES) {
    const fieldCount = agreedFieldCount(sample, delimiter, isWhole);
    if (fieldCount > mostFields) {
      best = delimiter;
      mostFields = fieldCount;
    }
  }
  return best;
}

/** The field count on which the first records agree, or 0. */
function agreedFieldCount(sample: string, delimiter: string, isWhole: boolean): number {
  const parser = new CsvParser({ name: "sample", delimiter });
  const rows: CsvRow[] = [];
  let isRagged = false;
  try {
    parser.push(sample, rows);
    if (isWhole) {
      parser.end(rows);
    }
  } catch {
    isRagged = true; // the records before the one that disagrees are in `rows`
  }
  const isJudged = rows.length > 1 || (isWhole && !isRagged);
  return isJudged ? (rows[0]?.length ?? 0) : 0;
}
