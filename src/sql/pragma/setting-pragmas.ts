/**
 * Pragmas that hold a value for the session.
 *
 *   effective   foreign_keys, recursive_triggers, defer_foreign_keys, query_only, synchronous; those of the dialect
 *   held        what is about SQLite's pages, cache, log and locks: nacre has its own, so that a value is kept and answered, no more
 */
import type { Durability } from "../../mvcc/index.ts";
import type { Dialect } from "../run/dialect.ts";
import type { SqlValue } from "../value/value.ts";
import { integerOf, type Pragma, type PragmaSession, truthOf } from "./pragma.ts";

/** How it looks up and sets what it is about; with a value it gives no rows, unless it `answers`. */
function setting(
  name: string,
  get: (session: PragmaSession) => SqlValue,
  set: (session: PragmaSession, value: string) => void,
  answers: boolean = false,
): Pragma {
  return {
    kind: "session",
    name,
    columns: [name === "busy_timeout" ? "timeout" : name],
    isSilentWithValue: !answers,
    rows: (session, value) => {
      if (value !== undefined) {
        set(session, value);
        if (!answers) {
          return [];
        }
      }
      return [[get(session)]];
    },
  };
}

/** `parse` makes of a text what is held. */
function held(name: string, initial: SqlValue, parse: (value: string) => SqlValue, answers: boolean = false): Pragma {
  return setting(
    name,
    ({ connection }) => connection.settings.get(name) ?? initial,
    ({ connection }, value) => connection.settings.set(name, parse(value)),
    answers,
  );
}

const flag = (value: string): number => Number(truthOf(value));

function heldFlag(name: string, initial: 0 | 1): Pragma {
  return held(name, initial, flag);
}

/** A word of a list, or its place there; anything else is the first. */
function word(words: readonly string[]): (value: string) => number {
  return (value) => {
    const place = words.indexOf(value.toLowerCase());
    const number = place >= 0 ? place : integerOf(value);
    return number >= 0 && number < words.length ? number : 0;
  };
}

const SYNCHRONOUS = ["off", "normal", "full", "extra"];
const NORMAL = 1;
const FULL = 2;

/** SQLite's levels as nacre's: below FULL a commit is on disk a moment later. */
function durabilityOf(level: number): Durability {
  return level < FULL ? "relaxed" : "sync";
}

/** The level that journal_mode=WAL brings, where none was chosen: better-sqlite3's build has NORMAL. */
export function relaxForWal({ connection }: PragmaSession): void {
  connection.durability ??= durabilityOf(NORMAL);
}

/** One that says how statements are read. */
function spoken(name: string, part: keyof Dialect): Pragma {
  return setting(
    name,
    ({ connection }) => Number(connection.functions.dialect[part]),
    ({ connection }, value) => connection.functions.speak({ [part]: truthOf(value) }),
  );
}

const EFFECTIVE: readonly Pragma[] = [
  setting(
    "foreign_keys",
    ({ connection }) => Number(connection.writing.settings.foreignKeys),
    ({ connection }, value) => {
      // In a transaction it is as it was, as in SQLite.
      if (!connection.inTransaction) {
        connection.writing.settings.foreignKeys = truthOf(value);
      }
    },
  ),
  setting(
    "recursive_triggers",
    ({ connection }) => Number(connection.writing.settings.recursiveTriggers),
    ({ connection }, value) => {
      connection.writing.settings.recursiveTriggers = truthOf(value);
    },
  ),
  setting(
    "defer_foreign_keys",
    ({ connection }) => Number(connection.writing.settings.deferForeignKeys),
    ({ connection }, value) => {
      connection.writing.settings.deferForeignKeys = truthOf(value);
    },
  ),
  setting(
    "query_only",
    ({ connection }) => Number(connection.isQueryOnly),
    ({ connection }, value) => {
      connection.isQueryOnly = truthOf(value);
    },
  ),
  setting(
    "synchronous",
    ({ connection }) => (connection.durability === "relaxed" ? NORMAL : FULL),
    ({ connection }, value) => {
      connection.durability = durabilityOf(word(SYNCHRONOUS)(value));
    },
  ),
  setting(
    "busy_timeout",
    ({ connection }) => connection.timeoutMs,
    ({ connection }, value) => {
      connection.timeoutMs = Math.max(0, integerOf(value));
    },
    true,
  ),
  spoken("count_changes", "countsChanges"),
  spoken("full_column_names", "hasFullNames"),
  spoken("short_column_names", "hasShortNames"),
  spoken("ignore_check_constraints", "ignoresChecks"),
  spoken("legacy_alter_table", "altersAsOnce"),
  { ...spoken("case_sensitive_like", "likesCase"), columns: [] },
];

const HELD: readonly Pragma[] = [
  held("analysis_limit", 0, integerOf, true),
  held("auto_vacuum", 0, word(["none", "full", "incremental"])),
  heldFlag("automatic_index", 1),
  held("cache_size", -16000, integerOf),
  held("cache_spill", 1935, integerOf),
  heldFlag("cell_size_check", 0),
  heldFlag("checkpoint_fullfsync", 0),
  heldFlag("empty_result_callbacks", 0),
  heldFlag("fullfsync", 0),
  held("hard_heap_limit", 0, integerOf, true),
  held("journal_size_limit", -1, integerOf, true),
  held("locking_mode", "normal", (value) => (value.toLowerCase() === "exclusive" ? "exclusive" : "normal"), true),
  held("max_page_count", 4294967294, integerOf, true),
  held("page_size", 4096, () => 4096),
  heldFlag("read_uncommitted", 0),
  heldFlag("reverse_unordered_selects", 0),
  held("secure_delete", 0, flag, true),
  held("soft_heap_limit", 0, integerOf, true),
  held("temp_store", 0, word(["default", "file", "memory"])),
  held("threads", 0, integerOf, true),
  heldFlag("trusted_schema", 1),
  held("wal_autocheckpoint", 1000, integerOf, true),
  heldFlag("writable_schema", 0),
];

export const SETTING_PRAGMAS: readonly Pragma[] = [...EFFECTIVE, ...HELD];
