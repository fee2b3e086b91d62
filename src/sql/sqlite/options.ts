/** What `new Database()` is given, checked as better-sqlite3 checks it. */
import { Database as NacreDatabase } from "../../mvcc/index.ts";
import { booleanOption } from "./definition-options.ts";
import type { Logger } from "./state.ts";

export interface Options {
  /** Refuses writes; the database must exist. */
  readonly?: boolean | undefined;
  /** An error where the database does not exist, instead of a new one. */
  fileMustExist?: boolean | undefined;
  /** Milliseconds that are waited for a database that is locked; 5000 unless given. */
  timeout?: number | undefined;
  /** Called with every statement that is run. */
  verbose?: Logger | null | undefined;
  /** Taken and not used: nothing here is native. */
  nativeBinding?: string | object | null | undefined;
}

export interface OpenRequest {
  /** As it was given. */
  readonly name: string;
  /** Trimmed; undefined: in memory. */
  readonly path: string | undefined;
  /** A database of nacre's that is open, and stays so. */
  readonly database: NacreDatabase | undefined;
  /** What `serialize()` gave, to begin with. */
  readonly contents: Buffer | undefined;
  readonly isReadOnly: boolean;
  readonly mustExist: boolean;
  readonly timeoutMs: number;
  readonly verbose: Logger | undefined;
}

const DEFAULT_TIMEOUT_MS = 5000;
const MOST_TIMEOUT_MS = 0x7fffffff;

export function openRequest(filename: unknown, given: unknown): OpenRequest {
  const database = filename instanceof NacreDatabase ? filename : undefined;
  const contents = Buffer.isBuffer(filename) ? filename : undefined;
  const name: unknown = contents === undefined ? (database?.store.disk.path ?? filename ?? "") : ":memory:";
  const options: unknown = given ?? {};
  if (typeof name !== "string") {
    throw new TypeError("Expected first argument to be a string");
  }
  if (typeof options !== "object") {
    throw new TypeError("Expected second argument to be an options object");
  }
  const { isReadOnly, mustExist, timeoutMs, verbose } = checkedOptions(options as object);
  const path = name.trim();
  const isInMemory = path === "" || path === ":memory:";
  if (isReadOnly && isInMemory && contents === undefined && database === undefined) {
    throw new TypeError("In-memory/temporary databases cannot be readonly");
  }
  return {
    name,
    path: isInMemory ? undefined : path,
    database,
    contents,
    isReadOnly,
    mustExist,
    timeoutMs,
    verbose,
  };
}

function checkedOptions(options: object): Pick<OpenRequest, "isReadOnly" | "mustExist" | "timeoutMs" | "verbose"> {
  if ("readOnly" in options) {
    throw new TypeError('Misspelled option "readOnly" should be "readonly"');
  }
  if ("memory" in options) {
    throw new TypeError('Option "memory" was removed in v7.0.0 (use ":memory:" filename instead)');
  }
  const isReadOnly = booleanOption(options, "readonly");
  const mustExist = booleanOption(options, "fileMustExist");
  const timeoutMs: unknown = "timeout" in options ? options.timeout : DEFAULT_TIMEOUT_MS;
  const verbose: unknown = "verbose" in options ? options.verbose : null;
  const nativeBinding: unknown = "nativeBinding" in options ? options.nativeBinding : null;
  if (typeof timeoutMs !== "number" || !Number.isInteger(timeoutMs) || timeoutMs < 0) {
    throw new TypeError('Expected the "timeout" option to be a positive integer');
  }
  if (timeoutMs > MOST_TIMEOUT_MS) {
    throw new RangeError(`Option "timeout" cannot be greater than ${MOST_TIMEOUT_MS}`);
  }
  if (verbose !== null && verbose !== undefined && typeof verbose !== "function") {
    throw new TypeError('Expected the "verbose" option to be a function');
  }
  if (
    nativeBinding !== null &&
    nativeBinding !== undefined &&
    typeof nativeBinding !== "string" &&
    typeof nativeBinding !== "object"
  ) {
    throw new TypeError('Expected the "nativeBinding" option to be a string or addon object');
  }
  return { isReadOnly, mustExist, timeoutMs, verbose: (verbose as Logger | null) ?? undefined };
}
