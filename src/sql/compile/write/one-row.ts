/**
 * A change of one row that was found by a whole key and stays where it is: made at once, since nothing is read behind it. All that
 * can fail (constraints, keys that are too long, unique indexes) comes before the first write.
 */
import type { Table } from "../../catalog/schema.ts";
import type { ConflictAction } from "../../parse/ast/write.ts";
import type { Frame } from "../frame.ts";
import { not } from "../operand.ts";
import type { EmittedEntry } from "./index-entry.ts";

/** What a row has in an index, and what it will have there. */
export interface EntryChange {
  readonly before: EmittedEntry;
  readonly after: EmittedEntry;
}

/** The row in hand, and what the statement does about one that may not be. */
export interface OneRow {
  readonly table: Table;
  /** Its key, as arguments `(bytes, offset, length)`. */
  readonly key: string;
  /** What the statement says of conflicts; undefined: what each constraint says. */
  readonly override: ConflictAction | undefined;
  /** A statement that leaves the row as it is. */
  readonly skip: string;
}

export function emitDeleteOne({ emitter }: Frame, { table, key }: OneRow, entries: readonly EmittedEntry[]): void {
  emitter.line(`reader.delete(${table.keyspace}, ${key});`);
  emitter.line(`writing.forgetRowid(${table.keyspace});`);
  for (const entry of entries) {
    emitter.when(entry.isThere, () => emitDeleteEntry({ emitter }, entry, key));
  }
  emitter.line("writing.changes++;");
}

/** The new row is in `row`. */
export function emitUpdateOne(frame: Frame, one: OneRow, entries: readonly EntryChange[]): void {
  const { emitter } = frame;
  const { table, key, override, skip } = one;
  emitter.line("const size = row.finish();");
  const moves = entries.map((entry) => ({ ...entry, isMoved: emitIsMoved(frame, entry) }));
  for (const { after, isMoved } of moves) {
    if (after.isExclusive !== "false") {
      const { index } = after.bound;
      const action = override ?? index.conflict ?? "abort";
      const isTaken = `reader.get(${index.keyspace}, ${after.writer}.bytes, 0, ${after.writer}.length)`;
      const failure = `${emitter.use("failIndex")}(${emitter.constant(table)}, ${emitter.constant(index)}, ${emitter.constant(action)});`;
      emitter.when(`${isMoved} && ${after.isExclusive} && ${isTaken}`, () =>
        emitter.line(action === "ignore" ? skip : failure),
      );
    }
  }
  emitter.line(`reader.put(${table.keyspace}, ${key}, row.bytes, 0, size);`);
  for (const { before, after, isMoved } of moves) {
    emitter.when(isMoved, () => {
      emitter.when(before.isThere, () => emitDeleteEntry(frame, before, key));
      emitter.when(after.isThere, () => {
        emitFinishKey(frame, after, key);
        const { keyspace } = after.bound.index;
        emitter.line(`reader.put(${keyspace}, ${after.writer}.bytes, 0, ${after.writer}.length, ${key});`);
      });
    });
  }
  emitter.line("writing.changes++;");
}

/** A variable that says whether the row gets another entry than it has. */
function emitIsMoved({ emitter }: Frame, { before, after }: EntryChange): string {
  const isMoved = emitter.name("isMoved");
  const [old, next] = [before, after].map(
    ({ writer, isThere, isExclusive }) => `${writer}, ${isThere}, ${isExclusive}`,
  );
  emitter.line(`const ${isMoved} = !${emitter.use("isSameEntry")}(${old}, ${next});`);
  return isMoved;
}

function emitDeleteEntry(frame: Pick<Frame, "emitter">, entry: EmittedEntry, key: string): void {
  const { writer, bound } = entry;
  emitFinishKey(frame, entry, key);
  frame.emitter.line(`reader.delete(${bound.index.keyspace}, ${writer}.bytes, 0, ${writer}.length);`);
}

/** The row's key is the end of an entry's that others may have the columns of. */
export function emitFinishKey({ emitter }: Pick<Frame, "emitter">, entry: EmittedEntry, key: string): void {
  emitter.when(not(entry.isExclusive), () => emitter.line(`${entry.writer}.addRaw(${key});`));
}
