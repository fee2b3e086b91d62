/**
 * JSON, as SQLite 3.53 has it: functions and operators on text (RFC 8259 and much of JSON5) and on JSONB, its binary form.
 *
 *   text ─▶ source.ts ─▶ parse.ts ─▶ JSONB ─▶ lookup.ts ─▶ scalar.ts, write-text.ts ─▶ answer
 *              │                        ▲        edit.ts, merge.ts ─▶ write-text.ts ─▶
 *              └─▶ scan.ts ─▶ answer    └── a blob that is JSONB is one already
 *
 * Everything works on bytes: UTF-8 is made of a text where it comes in and read where an answer goes out, and JSONB (element.ts)
 * is the only form of a document. The four texts met last keep their JSONB (document.ts). A text met for the first time
 * is not parsed for one path: `scan` finds that in the text while it checks all of it.
 *
 * JSON among SQL values. SQLite marks what its JSON functions answer with a subtype, so that `json_array(json('[1]'))` is
 * `[[1]]` and `json_array('[1]')` is `["[1]"]`. Values of nacre have no subtype. But a blob that is JSONB counts as JSON
 * wherever such a function takes a value, so none is needed: where the binder sees an argument that `takesJson`, it
 * binds the `nested` form of the function that makes it, which answers as JSONB what is JSON, and all else as it was;
 * whether `json_extract` gives an array or a text that looks like one is decided row by row. (bind/json.ts; through CASE,
 * coalesce, iif and unary plus. The JSONB is that of the text that the function would have answered.)
 *
 * Aggregates (aggregate.ts) and table functions (table.ts) stand by themselves.
 */
export { type GroupState, JSON_AGGREGATES, type JsonAggregate } from "./aggregate.ts";
export { ARROW, DOUBLE_ARROW, JSON_FUNCTIONS } from "./functions.ts";
export { JSON_TABLE_COLUMNS, JsonTable, type JsonTableColumn } from "./table.ts";
