/**
 * What is kept of each row for window functions, a column each: first the columns that are read behind the windows, then keys and
 * arguments. What is the same expression is kept once, and windows that are alike are one.
 */
import type { TableCall, TableWindow, WindowKey } from "../../run/window-call.ts";
import type { Bound, BoundWindow, WindowCall } from "../bind/bound.ts";
import { truthOf } from "../bind/truth.ts";
import { isSame } from "../bind/walk.ts";
import type { WindowingPlan } from "./plan.ts";

export interface WindowLayout {
  readonly columns: readonly Bound[];
  readonly calls: readonly TableCall[];
}

export function windowLayout({ kept, calls }: WindowingPlan): WindowLayout {
  const columns: Bound[] = [...kept];
  const placeOf = (bound: Bound): number => {
    const known = columns.findIndex((column) => isSame(column, bound));
    return known >= 0 ? known : columns.push(bound) - 1;
  };
  const windows: TableWindow[] = [];
  const windowOf = (bound: BoundWindow): TableWindow => {
    const window = tableWindow(bound, placeOf);
    const known = windows.find(
      (other) => isSameList(other.partition, window.partition) && isSameList(other.ordering, window.ordering),
    );
    if (known !== undefined) {
      return known;
    }
    windows.push(window);
    return window;
  };
  return { columns, calls: calls.map((call) => tableCall(call, windowOf(call.window), placeOf)) };
}

function tableWindow({ partition, ordering }: BoundWindow, placeOf: (bound: Bound) => number): TableWindow {
  return {
    partition: partition.map(({ value, collation }) => ({
      place: placeOf(value),
      descending: false,
      nullsFirst: true,
      collation,
    })),
    ordering: ordering.map(({ value, descending, nullsFirst, collation }) => ({
      place: placeOf(value),
      descending,
      nullsFirst,
      collation,
    })),
  };
}

function tableCall(
  { function: found, collation, list, filter, window: { unit, exclusion } }: WindowCall,
  window: TableWindow,
  placeOf: (bound: Bound) => number,
): TableCall {
  return {
    function: found,
    collation,
    window,
    unit,
    exclusion,
    list: list.map(placeOf),
    filter: filter === undefined ? -1 : placeOf(truthOf(filter)),
  };
}

function isSameList(a: readonly WindowKey[], b: readonly WindowKey[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ place, descending, nullsFirst, collation }, index) => {
      const other = b[index]!;
      return (
        place === other.place &&
        descending === other.descending &&
        nullsFirst === other.nullsFirst &&
        collation === other.collation
      );
    })
  );
}
