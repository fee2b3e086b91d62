/** abstract-level's suite on levels that share one database. */
import { conformance } from "./conformance.ts";

conformance("shared database");
