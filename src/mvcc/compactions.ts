/**
 * The compactions of one checkpoint job: by units of some tens of megabytes (lsm/policy.ts), of the keyspace with the most to
 * do, until the budget is spent or somebody is in a hurry.
 *
 *     job      ├── flush ──────────────────┤├ roots, sync, meta ┤         ├ unit ┤├ unit ┤├ unit ┤├ roots, sync, meta ┤
 *     helper   ├ unit ┤├ unit ┤├ unit ┤                                   ├ unit ┤├ unit ┤
 *
 * Where there is a helper (compaction-helper.ts) units are merged beside the flush; without a flush the job merges some of
 * them itself. Each unit that ends makes a manifest that could stay. What one of them meets does not keep a flush from its end:
 * all compactions of the job come to nothing then, and the error is told with the result.
 */
import {
  type BegunCompaction,
  beginCompaction,
  chooseCompaction,
  compactionDebt,
  endCompaction,
  type LsmSettings,
  type MergedParts,
  mergeParts,
  type PageFrees,
  policyFor,
} from "../lsm/index.ts";
import type { PageFile } from "../pager/index.ts";
import type { KeyspaceKind } from "./catalog.ts";
import type { CompactionHelper } from "./compaction-helper.ts";
import type { CompactionTask } from "./compaction-task.ts";
import { type JobPages, RevocablePages } from "./job-pages.ts";
import type { Manifests } from "./manifests.ts";
import { combineFor } from "./merge-operator.ts";
import type { Roots } from "./roots.ts";

export interface LsmWorkOptions {
  /** Of a log segment: runs, parts and units are measured by it. */
  readonly segmentBytes: number;
  /** Pages that compactions may read before the job ends, in bytes; 0: none are made. */
  readonly compactionBytes: number;
  readonly isIdle: boolean;
  /** The job merges units itself, though it has a helper: they are all that there is to do, or what everything waits for. */
  readonly takesPart: boolean;
  /** Entries that ended before are dropped in compactions; ms since the epoch. */
  readonly expiredBefore: number;
}

export interface CompactionInput {
  readonly pages: PageFile;
  readonly memtables: readonly unknown[];
  readonly roots: Roots;
  readonly keyspaces: ReadonlyMap<number, KeyspaceKind | undefined>;
  readonly lsm: LsmWorkOptions;
  /** Who merges beside the job; undefined: nobody. */
  readonly helper: CompactionHelper | undefined;
  readonly isHurried: () => boolean;
}

interface Unit {
  readonly keyspace: number;
  readonly begun: BegunCompaction;
  readonly task: CompactionTask;
}

export class Compactions {
  /** Of pages and areas. */
  writtenBytes: number;
  /** For which all of them came to nothing. */
  error: unknown;
  readonly #input: CompactionInput;
  readonly #manifests: Manifests;
  readonly #allocator: RevocablePages;
  readonly #frees: PageFrees;
  /** What they give up, until all have ended. */
  readonly #givenUp: [first: number, count: number, birth: number][];
  readonly #birth: number;
  #leftBytes: number;
  #isFirst: boolean;
  /** There was nothing to begin, and no unit has ended since: a flush need not look at every step. */
  #isExhausted: boolean;
  /** At the helper. */
  #beside: Unit | undefined;

  constructor(input: CompactionInput, manifests: Manifests, pages: JobPages, frees: PageFrees, birth: number) {
    this.writtenBytes = 0;
    this.error = undefined;
    this.#input = input;
    this.#manifests = manifests;
    this.#allocator = new RevocablePages(pages);
    this.#frees = frees;
    this.#givenUp = [];
    this.#birth = birth;
    this.#leftBytes = input.lsm.compactionBytes;
    this.#isFirst = true;
    this.#isExhausted = false;
    this.#beside = undefined;
  }

  /** The helper is at something. */
  get isBeside(): boolean {
    return this.#beside !== undefined;
  }

  /** Between the steps of a flush: takes what the helper has done, and gives it the next unit if `hasTime`. */
  tend(hasTime: boolean): void {
    try {
      this.#tend(hasTime);
    } catch (error) {
      this.#comeToNothing(error);
    }
  }

  /** Ends what is under way, and where nothing was flushed goes on. Nothing is under way any more when it returns. */
  *finish(): Generator<void, void> {
    try {
      yield* this.#finish();
    } catch (error) {
      this.#comeToNothing(error);
    }
    for (const [first, count, birth] of this.#givenUp) {
      this.#frees.add(first, count, birth);
    }
  }

  *#finish(): Generator<void, void> {
    const { memtables, lsm, helper } = this.#input;
    const goesOn = memtables.length === 0;
    let own: Generator<void, void> | undefined;
    for (;;) {
      this.#tend(goesOn);
      // After a unit that nobody was waiting for there is time, too.
      const hasTime = lsm.takesPart || this.writtenBytes > 0;
      const takesPart = goesOn && (hasTime || (this.#beside === undefined && helper?.isFree !== true));
      const unit = own === undefined && takesPart ? this.#next() : undefined;
      own ??= unit === undefined ? undefined : this.#merge(unit);
      if (own !== undefined) {
        own = own.next().done ? undefined : own;
      } else if (this.#beside !== undefined) {
        helper!.wait();
      } else {
        return;
      }
      yield;
    }
  }

  #tend(hasTime: boolean): void {
    const { helper, pages } = this.#input;
    if (helper === undefined) {
      return;
    }
    if (this.#beside !== undefined) {
      const merged = helper.take();
      if (merged === undefined) {
        return;
      }
      const unit = this.#beside;
      this.#beside = undefined;
      for (const _ of this.#end(unit, merged)) {
        // The helper has nothing to do meanwhile.
      }
    }
    this.#beside = hasTime && helper.isFree ? this.#next() : undefined;
    if (this.#beside !== undefined) {
      helper.start(this.#beside.task, pages, this.#allocator);
    }
  }

  /** A unit in this thread. */
  *#merge(unit: Unit): Generator<void, void> {
    const { merge, operator, ...rest } = unit.task;
    const combine = operator === undefined ? undefined : combineFor(operator);
    const around = { ...rest, pages: this.#input.pages, allocator: this.#allocator, combine };
    const merged = yield* mergeParts(around, merge);
    yield* this.#end(unit, merged);
  }

  *#end({ keyspace, begun }: Unit, merged: MergedParts): Generator<void, void> {
    const frees = {
      add: (first: number, count: number, birth: number) => this.#givenUp.push([first, count, birth]),
    };
    const current = () => this.#manifests.now(keyspace);
    this.#manifests.compacted(keyspace, yield* endCompaction(this.#input.pages, frees, current, begun, merged));
    this.writtenBytes += merged.writtenBytes;
    this.#isExhausted = false;
  }

  /** The next unit that touches none under way, begun; undefined: there is none, or no time for it. */
  #next(): Unit | undefined {
    const isHurried = this.#input.memtables.length === 0 && this.#input.isHurried();
    // One at least: compactions that never come to their turn pile up.
    if (this.#leftBytes <= 0 || this.#isExhausted || (isHurried && !this.#isFirst)) {
      return undefined;
    }
    for (const { keyspace, settings } of this.#neediest()) {
      const manifest = this.#manifests.now(keyspace);
      const compaction = chooseCompaction(manifest, this.#policy(settings));
      const begun = compaction && beginCompaction(this.#input.pages, manifest, compaction);
      if (begun !== undefined) {
        this.#isFirst = false;
        for (const { parts } of begun.task.runs) {
          this.#leftBytes -= parts.reduce((sum, part) => sum + part.bytes, 0);
        }
        this.#manifests.compacted(keyspace, begun.manifest);
        return { keyspace, begun, task: this.#taskOf(keyspace, settings, begun) };
      }
    }
    this.#isExhausted = true;
    return undefined;
  }

  #taskOf(keyspace: number, settings: LsmSettings, { task }: BegunCompaction): CompactionTask {
    const { segmentBytes, expiredBefore } = this.#input.lsm;
    const operator = this.#input.keyspaces.get(keyspace)?.merge;
    return { merge: task, settings, operator, segmentBytes, expiredBefore, birth: this.#birth };
  }

  /** Keyspaces that have something to compact, those with the most first. */
  #neediest(): { keyspace: number; settings: LsmSettings }[] {
    const found: { keyspace: number; settings: LsmSettings; debt: number }[] = [];
    for (const keyspace of this.#manifests.keyspaces()) {
      const settings = this.#input.keyspaces.get(keyspace)?.lsm;
      const debt = settings === undefined ? 0 : compactionDebt(this.#manifests.now(keyspace), this.#policy(settings));
      if (debt > 0) {
        found.push({ keyspace, settings: settings!, debt });
      }
    }
    return found.sort((a, b) => b.debt - a.debt);
  }

  #policy({ compaction }: LsmSettings): ReturnType<typeof policyFor> {
    const { segmentBytes, isIdle } = this.#input.lsm;
    return policyFor(compaction, segmentBytes, isIdle);
  }

  /** Throws `error` where compactions are all that the job is for. */
  #comeToNothing(error: unknown): void {
    this.#input.helper?.cancel();
    if (this.#input.memtables.length === 0) {
      throw error;
    }
    this.#beside = undefined;
    this.#leftBytes = 0;
    this.#givenUp.length = 0;
    this.#allocator.giveBack();
    this.#manifests.forgetCompactions();
    this.writtenBytes = 0;
    this.error = error;
  }
}
