/** The table functions by name. */
import { DbError } from "../../errors.ts";
import { castTo } from "../value/affinity.ts";
import { JSON_TABLE_COLUMNS, JsonTable } from "../value/json/index.ts";
import {
  ANY_TYPE,
  answered,
  answerInt64,
  answerInteger,
  answerNull,
  answerText,
  answerValue,
  INTEGER_TYPES,
  MAX_INT64,
  NULL,
  type SqlValue,
  type Tag,
} from "../value/value.ts";
import type { TableFunction, TableFunctionColumn, TableFunctionRows } from "./table-function.ts";

/** `generate_series(start, stop, step)`: whole numbers, stop included. */
class Series implements TableFunctionRows {
  readonly #list: readonly bigint[];
  #value: bigint;
  #left: bigint;

  /** `list` is start, stop and step; the number of rows is worked out first, so that no step can leave 64 bits. */
  constructor(list: readonly [bigint, bigint, bigint]) {
    const [start, stop, given] = list;
    const step = given === 0n ? 1n : given;
    const distance = step > 0n ? stop - start : start - stop;
    const stride = step > 0n ? step : -step;
    this.#list = [start, stop, step];
    this.#left = distance < 0n ? 0n : distance / stride + 1n;
    this.#value = start - step;
  }

  next(): boolean {
    if (this.#left === 0n) {
      return false;
    }
    this.#left--;
    this.#value += this.#list[2]!;
    return true;
  }

  answer(column: number): void {
    answerInt64(column <= 0 ? this.#value : this.#list[column - 1]!);
  }
}

/** An argument; `otherwise` where it is not given. */
function integerOf(tag: Tag | undefined, value: SqlValue | undefined, otherwise: bigint): bigint {
  if (tag === undefined) {
    return otherwise;
  }
  castTo("INTEGER", tag, value!);
  return BigInt(answered() as number | bigint);
}

export const NO_ROWS: TableFunctionRows = {
  next: () => false,
  answer: () => {
    throw new DbError("INVALID", "there is no row");
  },
};

const SERIES: TableFunction = {
  name: "generate_series",
  columns: ["value", "start", "stop", "step"].map((name, index) => ({
    name,
    affinity: "BLOB",
    types: INTEGER_TYPES,
    isHidden: index > 0,
  })),
  hasRowid: true,
  takesEqualsOnly: false,
  open: (tags, values) => {
    if (tags[0] === undefined) {
      throw new DbError("INVALID", 'first argument to "generate_series()" missing or unusable');
    }
    if (tags.includes(NULL)) {
      return NO_ROWS;
    }
    const at = (index: number, otherwise: bigint): bigint => integerOf(tags[index], values[index], otherwise);
    return new Series([at(0, 0n), at(1, MAX_INT64), at(2, 1n)]);
  },
};

/** `json_each(json, path)` and its kin: the elements of an array or object, or all that is in an element. */
function jsonTable(name: string, kind: "each" | "tree", containers: "text" | "jsonb"): TableFunction {
  const hidden = ["json", "root"];
  const column = (called: string): TableFunctionColumn => ({
    name: called,
    affinity: "BLOB",
    types: ANY_TYPE,
    isHidden: hidden.includes(called),
  });
  const columns = [...JSON_TABLE_COLUMNS, ...hidden].map(column);
  const nested = columns.length;
  return {
    name,
    // A name with a NUL cannot be written.
    columns: [...columns, { ...column("value\0"), nestedOf: "value" }],
    hasRowid: true,
    takesEqualsOnly: false,
    open: (tags, values) => {
      const table = new JsonTable(kind, containers);
      table.open(tags[0] ?? NULL, values[0] ?? null, tags[1], values[1]);
      return {
        next: () => table.next(),
        answer: (column) => {
          const given = column - JSON_TABLE_COLUMNS.length;
          if (column < 0) {
            answerInteger(table.rowid);
          } else if (column === nested) {
            table.answerNestedValue();
          } else if (given < 0) {
            table.answerColumn(JSON_TABLE_COLUMNS[column]!);
          } else if (tags[given] !== undefined) {
            answerValue(tags[given], values[given]!);
          } else {
            given === 0 ? answerNull() : answerText("$");
          }
        },
      };
    },
  };
}

const TABLE_FUNCTIONS: readonly TableFunction[] = [
  SERIES,
  jsonTable("json_each", "each", "text"),
  jsonTable("json_tree", "tree", "text"),
  jsonTable("jsonb_each", "each", "jsonb"),
  jsonTable("jsonb_tree", "tree", "jsonb"),
];

const byName = new Map(TABLE_FUNCTIONS.map((entry) => [entry.name, entry]));

/** The table function of this name, in lower case. */
export function tableFunction(name: string): TableFunction | undefined {
  return byName.get(name);
}
