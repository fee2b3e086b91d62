/** One execution of a statement after the other: what the interpreter's closures find anew each time. */

import type { Arguments } from "../../run/arguments.ts";
import type { Holding } from "../../run/holding.ts";
import { Spill } from "../../spill/spill.ts";
import type { KeyspaceReader } from "../../storage.ts";
import type { Plans } from "../plan/plan.ts";
import type { Measures } from "./measures.ts";
import { giveRoom, type RowRoom, takeRoom } from "./spare-room.ts";

export interface ExecutionForm {
  /** What it holds may go to disk; false unless given. */
  readonly isExternal?: boolean;
  readonly measures?: Measures | undefined;
}

export class Execution {
  readonly values: Arguments;
  readonly holding: Holding;
  /** Where rows go that are more than may be held; undefined: they are in memory. */
  readonly spill: Spill | undefined;
  readonly plans: Plans;
  /** Where it is measured what the parts of the plan do. */
  readonly measures: Measures | undefined;
  /** Another number for each execution. */
  number: number;
  #reader: KeyspaceReader | undefined;
  readonly #ends: (() => void)[];
  readonly #rooms: RowRoom[];

  constructor(values: Arguments, holding: Holding, plans: Plans, form: ExecutionForm = {}) {
    const { isExternal = false, measures } = form;
    this.values = values;
    this.holding = holding;
    this.spill = isExternal ? new Spill(holding) : undefined;
    this.plans = plans;
    this.measures = measures;
    this.number = 0;
    this.#reader = undefined;
    this.#ends = [];
    this.#rooms = [];
  }

  /** Rows and groups that the statement may hold in memory. */
  get heldRows(): number {
    return this.holding.rows;
  }

  get reader(): KeyspaceReader {
    return this.#reader!;
  }

  begin(reader: KeyspaceReader): void {
    this.#reader = reader;
    this.number++;
  }

  /** What was kept for this execution alone is let go. */
  end(): void {
    this.#reader = undefined;
    for (const end of this.#ends) {
      end();
    }
    this.spill?.close();
    for (let room = this.#rooms.pop(); room !== undefined; room = this.#rooms.pop()) {
      giveRoom(room);
    }
  }

  /** Room for rows of one source, until the execution ends. */
  room(): RowRoom {
    const room = takeRoom();
    this.#rooms.push(room);
    return room;
  }

  /** `callback` lets go what is kept for one execution. */
  onEnd(callback: () => void): void {
    this.#ends.push(callback);
  }
}
