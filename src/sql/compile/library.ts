/** Everything that generated code may call, by the names under which it does. */
import { compareBytes } from "../../bytes.ts";
import { answerRowid, EXACT_ROWIDS, KeyWriter, readRowid, writeIntegerKey } from "../key.ts";
import { locateColumn, place, readNumberBody, readOtherBody, TAG_OF_KIND } from "../row.ts";
import { CountState, FunctionState, growStates, SumState, ValueState } from "../run/aggregate-state.ts";
import { failCheck, failDatatype, failIndex, failKey, failNotNull } from "../run/constraint.ts";
import { copyOfEnd } from "../run/cursor.ts";
import { GroupTable } from "../run/group-table.ts";
import { JoinTable } from "../run/join-table.ts";
import { KeyList } from "../run/key-list.ts";
import { limitOf } from "../run/limit.ts";
import { RowArena } from "../run/row-arena.ts";
import { RowKeys } from "../run/row-keys.ts";
import { RowQueue } from "../run/row-queue.ts";
import { sorterOf } from "../run/top-rows.ts";
import { ValueSet } from "../run/value-set.ts";
import { frameEndOf } from "../run/window-frame.ts";
import { WindowTable } from "../run/window-table.ts";
import { countWork } from "../run/work.ts";
import { answerGivenRowid, isSameEntry, writeRowidKey } from "../run/write-support.ts";
import { leafTests } from "../run/zone-maps.ts";
import { applyAffinity, castTo, textOf, toNumericAffinity, toTextAffinity } from "../value/affinity.ts";
import {
  add,
  bitAnd,
  bitNot,
  bitOr,
  concatenate,
  divide,
  multiply,
  negate,
  remainder,
  shiftLeft,
  shiftRight,
  subtract,
  truthOf,
} from "../value/arithmetic.ts";
import { compareValues } from "../value/compare.ts";
import { greater, lesser } from "../value/functions/number.ts";
import { isGlob, isLike } from "../value/like.ts";
import { compareInPlace, equalInPlace } from "../value/text.ts";
import { answer } from "../value/value.ts";
import { copyBlob, failMissingRow, ROW_OF_NULLS } from "./support.ts";

export interface Library {
  readonly countWork: typeof countWork;
  readonly failMissingRow: typeof failMissingRow;
  readonly ValueSet: typeof ValueSet;
  readonly WindowTable: typeof WindowTable;
  readonly frameEndOf: typeof frameEndOf;
  readonly ROW_OF_NULLS: typeof ROW_OF_NULLS;
  readonly RowKeys: typeof RowKeys;
  readonly RowQueue: typeof RowQueue;
  readonly RowArena: typeof RowArena;
  readonly KeyList: typeof KeyList;
  readonly JoinTable: typeof JoinTable;
  readonly FunctionState: typeof FunctionState;
  readonly EXACT_ROWIDS: typeof EXACT_ROWIDS;
  readonly CountState: typeof CountState;
  readonly GroupTable: typeof GroupTable;
  readonly KeyWriter: typeof KeyWriter;
  readonly SumState: typeof SumState;
  readonly TAG_OF_KIND: typeof TAG_OF_KIND;
  readonly ValueState: typeof ValueState;
  readonly add: typeof add;
  readonly answer: typeof answer;
  readonly answerGivenRowid: typeof answerGivenRowid;
  readonly answerRowid: typeof answerRowid;
  readonly applyAffinity: typeof applyAffinity;
  readonly bitAnd: typeof bitAnd;
  readonly bitNot: typeof bitNot;
  readonly bitOr: typeof bitOr;
  readonly castTo: typeof castTo;
  readonly compareInPlace: typeof compareInPlace;
  readonly compareValues: typeof compareValues;
  readonly concatenate: typeof concatenate;
  readonly copyBlob: typeof copyBlob;
  readonly divide: typeof divide;
  readonly equalInPlace: typeof equalInPlace;
  readonly failCheck: typeof failCheck;
  readonly failDatatype: typeof failDatatype;
  readonly failIndex: typeof failIndex;
  readonly failKey: typeof failKey;
  readonly failNotNull: typeof failNotNull;
  readonly greater: typeof greater;
  readonly growStates: typeof growStates;
  readonly isGlob: typeof isGlob;
  readonly isLike: typeof isLike;
  readonly isSameEntry: typeof isSameEntry;
  readonly leafTests: typeof leafTests;
  readonly lesser: typeof lesser;
  readonly limitOf: typeof limitOf;
  readonly locateColumn: typeof locateColumn;
  readonly multiply: typeof multiply;
  readonly negate: typeof negate;
  readonly place: typeof place;
  readonly compareBytes: typeof compareBytes;
  readonly copyOfEnd: typeof copyOfEnd;
  readonly readNumberBody: typeof readNumberBody;
  readonly readOtherBody: typeof readOtherBody;
  readonly readRowid: typeof readRowid;
  readonly remainder: typeof remainder;
  readonly shiftLeft: typeof shiftLeft;
  readonly shiftRight: typeof shiftRight;
  readonly sorterOf: typeof sorterOf;
  readonly subtract: typeof subtract;
  readonly textOf: typeof textOf;
  readonly toNumericAffinity: typeof toNumericAffinity;
  readonly toTextAffinity: typeof toTextAffinity;
  readonly truthOf: typeof truthOf;
  readonly writeIntegerKey: typeof writeIntegerKey;
  readonly writeRowidKey: typeof writeRowidKey;
}

export const library: Library = {
  countWork,
  failMissingRow,
  ValueSet,
  WindowTable,
  frameEndOf,
  ROW_OF_NULLS,
  RowKeys,
  RowQueue,
  RowArena,
  KeyList,
  JoinTable,
  FunctionState,
  EXACT_ROWIDS,
  CountState,
  GroupTable,
  KeyWriter,
  SumState,
  TAG_OF_KIND,
  ValueState,
  add,
  answer,
  answerGivenRowid,
  answerRowid,
  applyAffinity,
  bitAnd,
  bitNot,
  bitOr,
  castTo,
  compareInPlace,
  compareValues,
  concatenate,
  copyBlob,
  divide,
  equalInPlace,
  failCheck,
  failDatatype,
  failIndex,
  failKey,
  failNotNull,
  greater,
  growStates,
  isGlob,
  isLike,
  isSameEntry,
  leafTests,
  lesser,
  limitOf,
  locateColumn,
  multiply,
  negate,
  place,
  compareBytes,
  copyOfEnd,
  readNumberBody,
  readOtherBody,
  readRowid,
  remainder,
  shiftLeft,
  shiftRight,
  sorterOf,
  subtract,
  textOf,
  toNumericAffinity,
  toTextAffinity,
  truthOf,
  writeIntegerKey,
  writeRowidKey,
};
