/**
 * A projection: a second database that is kept in step by the change feed of the first.
 *
 *     node dist/examples/word-index.js
 *
 * Notes are in one database. The other one knows which word is in which note. A follower reads the feed and writes, in
 * one commit, what changed in the index and up to which commit of the notes it has come. So it can be stopped, or
 * killed, at any moment, and goes on where it was: nothing is missed, nothing is done twice.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Change, type Database, open } from "nacre";

const RETAIN_LOG_BYTES = 16 * 1024 * 1024;

const directory = mkdtempSync(join(tmpdir(), "nacre-example-"));
const notesPath = join(directory, "notes.nacre");
const indexPath = join(directory, "index.nacre");

function openNotes(): Database {
  // Without retention a feed can begin only where the log does, which a checkpoint or a close moves on.
  return open(notesPath, { retainLogBytes: RETAIN_LOG_BYTES });
}

/** Follows the notes until the signal fires, and tells `onCommit` of each commit that is in the index. */
async function follow(notes: Database, signal: AbortSignal, onCommit: (commit: number) => void): Promise<void> {
  using index = open(indexPath);
  const since = index.map<number>("progress").get("notes") ?? 0;
  console.log(`the follower begins after commit ${since}`);
  let changes: Change[] = [];
  try {
    for await (const item of notes.changes({ since, of: "notes", signal })) {
      changes.push(...item.changes);
      if (item.isWhole) {
        apply(index, changes, item.commit);
        changes = [];
        onCommit(item.commit);
      }
    }
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  }
}

function apply(index: Database, changes: readonly Change[], commit: number): void {
  index.write((tx) => {
    const words = tx.map<null>("words", { key: "tuple" });
    const known = tx.map<string[]>("known");
    for (const { type, key, value } of changes) {
      const note = key as string;
      for (const word of known.get(note) ?? []) {
        words.delete([word, note]);
      }
      const now = type === "put" ? wordsOf(value as string) : [];
      for (const word of now) {
        words.put([word, note], null);
      }
      known.put(note, now);
    }
    tx.map<number>("progress").put("notes", commit);
  });
}

function wordsOf(text: string): string[] {
  return [...new Set(text.toLowerCase().match(/\p{L}+/gu))];
}

/** Lets a follower catch up with everything committed so far, and stops it. */
async function catchUp(notes: Database): Promise<void> {
  const stop = new AbortController();
  const goal = notes.lastCommit;
  await follow(notes, stop.signal, (commit) => {
    console.log(`commit ${commit} is in the index`);
    if (commit === goal) {
      stop.abort();
    }
  });
}

function find(word: string): void {
  using index = open(indexPath);
  const found = [
    ...index
      .map("words", { key: "tuple" })
      .range({ prefix: [word] })
      .keys(),
  ];
  console.log(`${word}: ${found.map(([, note]) => note).join(", ")}`);
}

try {
  {
    using notes = openNotes();
    const map = notes.map("notes", { value: "string" });
    map.put("monday", "Buy bread and wine");
    map.put("tuesday", "Bread is bought, wine is not");
    await catchUp(notes);
  }
  find("wine");
  {
    using notes = openNotes();
    const map = notes.map("notes", { value: "string" });
    map.put("monday", "Buy bread"); // while nobody follows
    map.put("wednesday", "Wine!");
    await catchUp(notes);
  }
  find("wine");
} finally {
  rmSync(directory, { recursive: true, force: true });
}
