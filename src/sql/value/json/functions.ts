/** The table of JSON functions and of the two operators. */
import { ANY_NUMBER, pure, type ScalarFunction } from "../functions/scalar-function.ts";
import {
  ANY_TYPE,
  answerText,
  BLOB,
  INTEGER,
  NULL,
  NULLABLE,
  type SqlValue,
  type Tag,
  TEXT,
  type TypeSet,
  typeSet,
} from "../value.ts";
import { arrayText, objectText, valueText } from "./build.ts";
import type { Edit } from "./edit.ts";
import { answerJsonb, extractArrow, extractInPlace, extractPaths, type Form } from "./extract.ts";
import { arrayLength, errorPosition, isValid, pretty, typeOfElement } from "./inspect.ts";
import { change, type DocumentForm, normalize, patch, remove } from "./modify.ts";
import { arrowPathOf, pathOf } from "./path.ts";
import { decode } from "./scalar.ts";

const JSON_TEXT: TypeSet = typeSet(TEXT) | NULLABLE;
const JSONB: TypeSet = typeSet(BLOB) | NULLABLE;
const COUNT: TypeSet = typeSet(INTEGER) | NULLABLE;

const all = (): boolean => true;
/** The values that json_object() is given: its labels are text whatever made them. */
const membersOnly = (index: number): boolean => (index & 1) === 1;
/** The values that json_set() is given, behind the document and each path. */
const insertedOnly = (index: number): boolean => index > 0 && (index & 1) === 0;

type Extras = Pick<ScalarFunction, "takesJson">;

/** Three functions: one that answers text, its form for a function that takes JSON, and its jsonb_ form. */
function family(
  name: string,
  minimum: number,
  maximum: number,
  callOf: (form: DocumentForm) => ScalarFunction["call"],
  extras: Extras = {},
): ScalarFunction[] {
  const binary = name.replace("json", "jsonb");
  const nested = { ...pure(`${name} as JSON`, minimum, maximum, JSONB, callOf("nested")), ...extras };
  return [
    { ...pure(name, minimum, maximum, JSON_TEXT, callOf("text")), nested, ...extras },
    { ...pure(binary, minimum, maximum, JSONB, callOf("jsonb")), ...extras },
  ];
}

/** A family that writes its answer as text first. */
function writing(make: (pairs: readonly unknown[]) => string): (form: DocumentForm) => ScalarFunction["call"] {
  return (form) => {
    const answer = form === "text" ? answerText : answerJsonb;
    return (...pairs: unknown[]): void => answer(make(pairs));
  };
}

function changing(kind: Exclude<Edit, "remove">): (form: DocumentForm) => ScalarFunction["call"] {
  return (form) =>
    (...pairs: unknown[]): void =>
      change(form, kind, pairs);
}

function extractor(name: string, form: "value" | "jsonb" | "nested-value"): ScalarFunction {
  const call = (...pairs: unknown[]): void => extractPaths(form, pairs);
  const callInPlace = (bytes: Uint8Array, start: number, end: number, ...pairs: unknown[]): void => {
    if (pairs.length === 2 && pairs[0] !== NULL) {
      extractInPlace(form, bytes, start, end, pathOf(pairs[0] as Tag, pairs[1] as SqlValue));
    } else {
      extractPaths(form, [TEXT, decode(bytes, start, end), ...pairs]);
    }
  };
  return { ...pure(name, 0, ANY_NUMBER, ANY_TYPE, call), callInPlace };
}

function arrow(name: string, form: Form, types: TypeSet): ScalarFunction {
  const call = (tag: Tag, value: SqlValue, pathTag: Tag, path: SqlValue): void =>
    extractArrow(form, tag, value, pathTag, path);
  const callInPlace = (bytes: Uint8Array, start: number, end: number, pathTag: Tag, path: SqlValue): void =>
    pathTag === NULL
      ? extractArrow(form, TEXT, decode(bytes, start, end), pathTag, path)
      : extractInPlace(form, bytes, start, end, arrowPathOf(pathTag, path));
  return { ...pure(name, 2, 2, types, call), callInPlace };
}

/** `json -> path`: JSON. */
export const ARROW: ScalarFunction = {
  ...arrow("->", "text", JSON_TEXT),
  nested: arrow("-> as JSON", "nested-text", JSONB),
};
/** `json ->> path`: an SQL value. */
export const DOUBLE_ARROW: ScalarFunction = arrow("->>", "value", ANY_TYPE);

export const JSON_FUNCTIONS: readonly ScalarFunction[] = [
  ...family("json", 1, 1, (form) => (tag: Tag, value: SqlValue) => normalize(form, tag, value)),
  ...family("json_array", 0, ANY_NUMBER, writing(arrayText), { takesJson: all }),
  ...family("json_object", 0, ANY_NUMBER, writing(objectText), { takesJson: membersOnly }),
  ...family("json_insert", 0, ANY_NUMBER, changing("insert"), { takesJson: insertedOnly }),
  ...family("json_replace", 0, ANY_NUMBER, changing("replace"), { takesJson: insertedOnly }),
  ...family("json_set", 0, ANY_NUMBER, changing("set"), { takesJson: insertedOnly }),
  ...family("json_array_insert", 0, ANY_NUMBER, changing("array-insert"), { takesJson: insertedOnly }),
  ...family(
    "json_remove",
    0,
    ANY_NUMBER,
    (form) =>
      (...pairs: unknown[]) =>
        remove(form, pairs),
  ),
  ...family(
    "json_patch",
    2,
    2,
    (form) => (tag: Tag, value: SqlValue, patchTag: Tag, patchValue: SqlValue) =>
      patch(form, tag, value, patchTag, patchValue),
  ),
  // Of json_quote() there is no form that answers JSONB.
  family(
    "json_quote",
    1,
    1,
    writing((pairs) => valueText(pairs[0] as Tag, pairs[1] as SqlValue)),
    { takesJson: all },
  )[0]!,
  { ...extractor("json_extract", "value"), nested: extractor("json_extract as JSON", "nested-value") },
  extractor("jsonb_extract", "jsonb"),
  pure("json_type", 1, 2, JSON_TEXT, typeOfElement),
  pure("json_array_length", 1, 2, COUNT, arrayLength),
  pure("json_valid", 1, 2, COUNT, isValid),
  pure("json_error_position", 1, 1, COUNT, errorPosition),
  pure("json_pretty", 1, 2, JSON_TEXT, pretty),
];
