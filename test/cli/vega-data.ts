/** The real files that the tests import. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const packageEntry = createRequire(import.meta.url).resolve("vega-datasets");

export function vegaDataFile(name: string): string {
  return join(dirname(packageEntry), "..", "data", name);
}
