/**
 * Deadlines: entries that end at a point in time.
 *
 * An entry carries its own deadline and is unseen from then on, whoever looks. So that it also goes away, each put with a
 * deadline leaves a note in keyspace 1, in the same commit, and one loop deletes what the notes say is due:
 *
 *     key   u64 due, milliseconds since the epoch, big-endian | u32 keyspace, big-endian | the entry's key
 *     value none
 *
 * A note is a hint: an entry that was replaced or deleted in the meantime is left alone, because its own deadline is
 * looked at again (M8). Deletions by deadline are commits like any other, and appear in the change feed.
 *
 * The loop goes on where it was: notes that it has settled leave deletions in the memtables, and to step over all of them
 * each time would take longer with each. A commit that writes a note behind it (an end in the past, a transaction that took
 * long, a clock set back) sends it back there.
 */
import { MAX_KEY_BYTES } from "../btree/index.ts";
import { compareBytes, copyBytes, highWord, joinWords, lowWord } from "../bytes.ts";
import type { Clock } from "../clock.ts";
import { DbError } from "../errors.ts";
import { OP_KIND_PUT, opKeyLength, opKeyOffset, opKeyspace, opKind } from "../wal/index.ts";
import { DEADLINE_KEYSPACE } from "./catalog.ts";
import type { CommitWriter } from "./commit-writer.ts";
import type { Context } from "./context.ts";
import type { MergeCursor } from "./merge-cursor.ts";
import type { Store } from "./store.ts";
import { View } from "./view.ts";

export const DEADLINE_KEY_EXTRA_BYTES = 12;
const KEYSPACE_AT = 8;

/** Writes the note that belongs to a put with a deadline, into the same write. */
export function writeDeadline(
  context: Context,
  keyspace: number,
  expiry: number,
  key: Uint8Array,
  keyLength: number,
): void {
  const op = context.reserve(OP_KIND_PUT, DEADLINE_KEYSPACE, DEADLINE_KEY_EXTRA_BYTES + keyLength, 0, 0);
  const { u8, u32 } = context.arena;
  encodeNoteKey(u8, opKeyOffset(u32, op), keyspace, expiry, key, keyLength);
  context.finish(op, 0);
}

/** The key of an entry's note; returns its length. */
export function encodeNoteKey(
  into: Uint8Array,
  at: number,
  keyspace: number,
  expiry: number,
  key: Uint8Array,
  keyLength: number,
): number {
  const due = Math.ceil(expiry);
  putU32BigEndian(into, at, highWord(due));
  putU32BigEndian(into, at + 4, lowWord(due));
  putU32BigEndian(into, at + KEYSPACE_AT, keyspace);
  copyBytes(key, 0, into, at + DEADLINE_KEY_EXTRA_BYTES, keyLength);
  return DEADLINE_KEY_EXTRA_BYTES + keyLength;
}

function putU32BigEndian(u8: Uint8Array, offset: number, value: number): void {
  u8[offset] = value >>> 24;
  u8[offset + 1] = value >>> 16;
  u8[offset + 2] = value >>> 8;
  u8[offset + 3] = value;
}

function getU32BigEndian(u8: Uint8Array, offset: number): number {
  return ((u8[offset]! << 24) | (u8[offset + 1]! << 16) | (u8[offset + 2]! << 8) | u8[offset + 3]!) >>> 0;
}

export interface Note {
  readonly due: number;
  readonly keyspace: number;
  /** The whole key of the note; the entry's own key is behind DEADLINE_KEY_EXTRA_BYTES. */
  readonly bytes: Uint8Array;
}

/** The note that a cursor over keyspace 1 stands on, as a copy. */
export function readNote(cursor: MergeCursor): Note {
  const length = cursor.copyKey(noteKey, 0);
  return {
    due: joinWords(getU32BigEndian(noteKey, 4), getU32BigEndian(noteKey, 0)),
    keyspace: getU32BigEndian(noteKey, KEYSPACE_AT),
    bytes: noteKey.slice(0, length),
  };
}

const noteKey: Uint8Array = new Uint8Array(MAX_KEY_BYTES);

/** Entries deleted in one commit; more that are due follow in the next turn of the event loop. */
const MAX_EXPIRED_A_COMMIT = 256;
/** Of a map that is being loaded there may be many that have to wait. */
const MAX_NOTES_READ = 4096;
/** The loop looks again at least so often: a note may be written that is due before the one it waits for. */
const MAX_SLEEP_MS = 1000;

/** So long after its end an entry that is still in runs goes with the next compaction. */
const EXPIRED_FOR_MS = 60 * 60 * 1000;

/** The loop that deletes what is due. */
export class Deadlines {
  readonly #store: Store;
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;
  #unwatch: (() => void) | undefined;
  /** All notes before this key are settled; undefined: begin with the first one there is. */
  #from: Uint8Array | undefined;

  constructor(store: Store) {
    this.#store = store;
    this.#clock = store.clock;
    this.#cancel = undefined;
    this.#unwatch = undefined;
    this.#from = undefined;
  }

  start(): void {
    this.#store.expiredBefore = () => this.#expiredBefore();
    this.#unwatch = this.#store.watch((_, writer) => {
      if (writer.touchesDeadlines && this.#from !== undefined) {
        this.#goBackTo(writer);
      }
    });
    this.#sleep(0);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  /** Deletes entries that are due, MAX_EXPIRED_A_COMMIT at the most; how many notes that settled. */
  expireDue(): number {
    const now = this.#clock.now();
    const { notes, held } = this.#notesUntil(now);
    if (notes.length > 0) {
      this.#settle(notes, now);
    }
    this.#from = (held ?? notes.at(-1))?.bytes ?? this.#from;
    return notes.length;
  }

  /**
   * What compactions may drop: entries that ended long ago, and have had their turn here, so that the feed has told of them.
   * Nothing, where that cannot be read; who reads next says why.
   */
  #expiredBefore(): number {
    const cursor = this.#store.takeCursor();
    try {
      cursor.open(this.#store.live, undefined, DEADLINE_KEYSPACE, { lower: this.#from, upper: undefined }, false);
      // A note is due less than a millisecond after its entry.
      const settledBefore = cursor.next() ? readNote(cursor).due - 1 : Number.POSITIVE_INFINITY;
      return Math.min(this.#clock.now() - EXPIRED_FOR_MS, settledBefore);
    } catch (error) {
      if (error instanceof DbError) {
        return 0;
      }
      throw error;
    } finally {
      this.#store.giveCursor(cursor);
    }
  }

  /** Where a commit has written notes before `#from`, the first of them. */
  #goBackTo(writer: CommitWriter): void {
    writer.forEachOp(({ u8, u32 }, op) => {
      const from = this.#from!;
      const key = opKeyOffset(u32, op);
      const length = opKeyLength(u32, op);
      const isNote = opKeyspace(u32, op) === DEADLINE_KEYSPACE && opKind(u32, op) === OP_KIND_PUT;
      if (isNote && compareBytes(u8, key, length, from, 0, from.length) < 0) {
        this.#from = u8.slice(key, key + length);
      }
    });
  }

  #sleep(delayMs: number): void {
    this.#cancel = this.#clock.after(delayMs, () => {
      if (this.#store.isClosed || this.#store.isPoisoned) {
        return;
      }
      this.#sleep(this.#tryExpireDue() === MAX_EXPIRED_A_COMMIT ? 0 : MAX_SLEEP_MS);
    });
  }

  /** What stops a commit here (a full disk, say) stops the application's next one too, which can be told; a timer has nobody to tell. */
  #tryExpireDue(): number {
    try {
      return this.expireDue();
    } catch (error) {
      if (error instanceof DbError) {
        return 0;
      }
      throw error;
    }
  }

  /** What is due; `held`: the first note of a map that is being loaded, where nothing can be deleted before that ends. */
  #notesUntil(now: number): { notes: Note[]; held: Note | undefined } {
    const store = this.#store;
    const notes: Note[] = [];
    let held: Note | undefined;
    const cursor = store.takeCursor();
    try {
      cursor.open(store.live, undefined, DEADLINE_KEYSPACE, { lower: this.#from, upper: undefined }, false);
      for (let left = MAX_NOTES_READ; left > 0 && notes.length < MAX_EXPIRED_A_COMMIT && cursor.next(); left--) {
        const note = readNote(cursor);
        if (note.due > now) {
          break;
        }
        if (store.writer.isLocked(note.keyspace)) {
          held ??= note;
        } else {
          notes.push(note);
        }
      }
    } finally {
      store.giveCursor(cursor);
    }
    return { notes, held };
  }

  #settle(notes: readonly Note[], now: number): void {
    const store = this.#store;
    store.begin();
    const view = new View(store.beforeDeadlines(store.pending), undefined, store);
    try {
      for (const { keyspace, bytes } of notes) {
        const keyLength = bytes.length - DEADLINE_KEY_EXTRA_BYTES;
        const isThere =
          store.catalog.byId(keyspace) !== undefined && view.get(keyspace, bytes, DEADLINE_KEY_EXTRA_BYTES, keyLength);
        if (isThere && view.expiry !== 0 && view.expiry <= now) {
          store.writer.delete(keyspace, bytes, DEADLINE_KEY_EXTRA_BYTES, keyLength);
        }
        store.writer.delete(DEADLINE_KEYSPACE, bytes, 0, bytes.length);
      }
    } catch (error) {
      store.abort();
      throw error;
    }
    store.end();
    store.settle("relaxed");
  }
}
