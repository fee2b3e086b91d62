/** abstract-level's suite on levels that have a directory each. */
import { conformance } from "./conformance.ts";

conformance("own directory");
