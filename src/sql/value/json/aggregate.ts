/**
 * The aggregates `json_group_array`, `json_group_object` and their jsonb_ forms.
 *
 * A state holds the text of each row, oldest first: `inverse` takes the oldest away again, which is what a window function
 * needs. `answer` leaves the state as it is. Of a row whose label is NULL an object has nothing, but its place counts.
 *
 * As arguments of functions that take JSON the answers are JSON: there the jsonb_ form stands for the other. Of their own
 * arguments the last is one that `takesJson`.
 */
import { DbError } from "../../../errors.ts";
import { textOf } from "../affinity.ts";
import { untilNul } from "../text.ts";
import { answerText, BLOB, NULL, type SqlValue, type Tag, TEXT, type TypeSet, typeSet } from "../value.ts";
import { quoteText, valueText } from "./build.ts";
import { answerJsonb } from "./extract.ts";

export interface GroupState {
  readonly pieces: string[];
  /** Pieces before it are gone. */
  first: number;
  /** Of all pieces together, in characters. */
  length: number;
}

export interface JsonAggregate {
  readonly name: string;
  readonly argumentCount: 1 | 2;
  readonly types: TypeSet;
  readonly takesJson: (index: number) => boolean;
  readonly begin: () => GroupState;
  readonly step: (state: GroupState, ...pairs: never[]) => void;
  readonly inverse: (state: GroupState) => void;
  readonly answer: (state: GroupState) => void;
}

/** Nothing that a row can hold is longer. */
const MOST_CHARACTERS = 2 ** 28;
/** No row's text: of a row that leaves nothing. */
const NO_PIECE = "";

function begin(): GroupState {
  return { pieces: [], first: 0, length: 0 };
}

function push(state: GroupState, piece: string): void {
  state.length += piece.length + 1;
  if (state.length > MOST_CHARACTERS) {
    throw new DbError("FULL", `string or blob too big: a group's JSON of more than ${MOST_CHARACTERS} characters`);
  }
  state.pieces.push(piece);
}

function inverse(state: GroupState): void {
  const { pieces } = state;
  state.length -= pieces[state.first]!.length + 1;
  pieces[state.first++] = NO_PIECE;
  // Most are gone: a window that moves over many rows holds but its own.
  if (state.first * 2 > pieces.length) {
    pieces.splice(0, state.first);
    state.first = 0;
  }
}

function stepArray(state: GroupState, tag: Tag, value: SqlValue): void {
  push(state, valueText(tag, value));
}

function stepObject(state: GroupState, labelTag: Tag, label: SqlValue, tag: Tag, value: SqlValue): void {
  push(
    state,
    labelTag === NULL ? NO_PIECE : `${quoteText(untilNul(textOf(labelTag, label)))}:${valueText(tag, value)}`,
  );
}

function arrayText({ pieces, first }: GroupState): string {
  return `[${(first === 0 ? pieces : pieces.slice(first)).join(",")}]`;
}

function objectText({ pieces }: GroupState): string {
  return `{${pieces.filter((piece) => piece !== NO_PIECE).join(",")}}`;
}

const anyArgument = (): boolean => true;
const valueOnly = (index: number): boolean => index === 1;

function groupArray(name: string, isJsonb: boolean): JsonAggregate {
  const answer = isJsonb ? answerJsonb : answerText;
  return {
    name,
    argumentCount: 1,
    types: typeSet(isJsonb ? BLOB : TEXT),
    takesJson: anyArgument,
    begin,
    step: stepArray,
    inverse,
    answer: (state) => answer(arrayText(state)),
  };
}

function groupObject(name: string, isJsonb: boolean): JsonAggregate {
  const answer = isJsonb ? answerJsonb : answerText;
  return {
    name,
    argumentCount: 2,
    types: typeSet(isJsonb ? BLOB : TEXT),
    takesJson: valueOnly,
    begin,
    step: stepObject,
    inverse,
    answer: (state) => answer(objectText(state)),
  };
}

export const JSON_AGGREGATES: readonly JsonAggregate[] = [
  groupArray("json_group_array", false),
  groupArray("jsonb_group_array", true),
  groupObject("json_group_object", false),
  groupObject("jsonb_group_object", true),
];
