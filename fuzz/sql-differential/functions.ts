/**
 * The functions that expressions call, by what their arguments should be. Those whose last digit is the platform's (sin, exp, …),
 * that tell the time or draw, and that ask for the session are not among them. A "string" is no blob, which LIKE takes or not, as
 * SQLite was built.
 */

export type Argument =
  | "any"
  | "text"
  | "string"
  | "number"
  | "integer"
  | "code point"
  | "json"
  | "path"
  | "format"
  | "moment"
  | "time"
  | "pattern";

export const SCALAR: readonly (readonly [name: string, ...list: Argument[]])[] = [
  ["abs", "number"],
  ["coalesce", "any", "any"],
  ["coalesce", "any", "any", "any"],
  ["ifnull", "any", "any"],
  ["iif", "any", "any", "any"],
  ["iif", "any", "any"],
  ["nullif", "any", "any"],
  ["typeof", "any"],
  ["quote", "any"],
  ["hex", "any"],
  ["unhex", "text"],
  ["length", "any"],
  ["octet_length", "any"],
  ["lower", "text"],
  ["upper", "text"],
  ["trim", "text"],
  ["trim", "text", "text"],
  ["ltrim", "text", "text"],
  ["rtrim", "text"],
  ["replace", "text", "text", "text"],
  ["substr", "any", "integer"],
  ["substr", "any", "integer", "integer"],
  ["instr", "any", "any"],
  ["unicode", "text"],
  ["char", "code point", "code point"],
  ["round", "number"],
  ["round", "number", "integer"],
  ["sign", "any"],
  ["max", "any", "any"],
  ["min", "any", "any", "any"],
  ["likelihood", "any"],
  ["likely", "any"],
  ["unlikely", "any"],
  ["like", "pattern", "string"],
  ["glob", "pattern", "string"],
  ["printf", "format", "any", "any"],
  ["format", "format", "any"],
  ["concat", "any", "any"],
  ["concat_ws", "text", "any", "any"],
  ["zeroblob", "integer"],
  ["ceil", "number"],
  ["floor", "number"],
  ["trunc", "number"],
  ["mod", "number", "number"],
  ["sqrt", "number"],
  ["date", "time"],
  ["time", "time"],
  ["datetime", "time"],
  ["julianday", "time"],
  ["unixepoch", "time"],
  ["strftime", "moment", "time"],
  ["timediff", "time", "time"],
  ["json", "json"],
  ["json_valid", "json"],
  ["json_type", "json"],
  ["json_type", "json", "path"],
  ["json_array", "any", "any"],
  ["json_object", "text", "any"],
  ["json_extract", "json", "path"],
  ["json_extract", "json", "path", "path"],
  ["json_array_length", "json"],
  ["json_quote", "any"],
  ["json_set", "json", "path", "any"],
  ["json_insert", "json", "path", "any"],
  ["json_remove", "json", "path"],
  ["json_patch", "json", "json"],
];

export const AGGREGATES: readonly (readonly [name: string, ...list: Argument[]])[] = [
  ["count", "any"],
  ["count", "any"],
  ["sum", "number"],
  ["sum", "any"],
  ["total", "any"],
  ["avg", "any"],
  ["min", "any"],
  ["max", "any"],
  ["group_concat", "any"],
  ["string_agg", "any", "text"],
  ["json_group_array", "any"],
];

/** Their result depends on where a row stands among its peers. */
export const POSITIONAL: readonly (readonly [name: string, ...list: Argument[]])[] = [
  ["row_number"],
  ["ntile", "integer"],
  ["lag", "any"],
  ["lead", "any", "integer", "any"],
  ["first_value", "any"],
  ["last_value", "any"],
  ["nth_value", "any", "integer"],
];

export const RANKS: readonly string[] = ["rank", "dense_rank", "percent_rank", "cume_dist"];

export const JSON_TEXTS: readonly string[] = [
  `'{"a":1,"b":[1,2,{"c":"x"}]}'`,
  `'[1,2.5,null,"a",true]'`,
  `'[]'`,
  `'{}'`,
  `'"s"'`,
  `'{a:1}'`,
  `'5'`,
];
export const PATHS: readonly string[] = ["'$'", "'$.a'", "'$.b[1]'", "'$[0]'", "'$[#-1]'", "'$.b[2].c'", "'$.z'"];
export const FORMATS: readonly string[] = [
  "'%d|%s'",
  "'%5.2f'",
  "'%-4s|'",
  "'%x'",
  "'%q'",
  "'%05d'",
  "'%,d'",
  "'%%%s'",
];
export const MOMENTS: readonly string[] = ["'%Y-%m-%d'", "'%H:%M:%f'", "'%s %J'", "'%j %w'", "'%G-%V'"];
export const TIMES: readonly string[] = [
  "'2024-02-29'",
  "'2023-01-31 12:34:56'",
  "0",
  "2451545",
  "'12:00'",
  "1700000000",
  "'x'",
];
export const PATTERNS: readonly string[] = ["'a%'", "'%'", "'_'", "'%b%'", "'A*'", "'[a-c]*'", "'?'", "'a_%'"];
