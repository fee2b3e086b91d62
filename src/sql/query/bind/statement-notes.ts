/** What all scopes of one statement count and find out together, and who is told what its names mean. */
import type { Table } from "../../catalog/schema.ts";
import type { NameObserver } from "./name-observer.ts";

/** Numbers for what is made while a statement is bound, and what it reads. */
export interface StatementNotes {
  sources: number;
  queries: number;
  readonly tables: Set<Table>;
  usesSession: boolean;
  /** It has functions that draw or count: run again it may give other rows. */
  draws: boolean;
  readonly observer: NameObserver | undefined;
  readonly isRenaming: boolean;
}

/** For a statement of its own. */
export function newNotes(): StatementNotes {
  return {
    sources: 0,
    queries: 0,
    tables: new Set(),
    usesSession: false,
    draws: false,
    observer: undefined,
    isRenaming: false,
  };
}

/** For a definition that is bound to find what its names mean, of which the observer is told: it is never run. */
export function newRenaming(observer: NameObserver | undefined): StatementNotes {
  return { ...newNotes(), observer, isRenaming: true };
}
