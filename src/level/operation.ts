/** One operation of a batch, as abstract-level hands it on, and the levels that it may belong to. */
import type { AbstractLevel, Transcoder } from "abstract-level";
import type { Encoded, Format } from "./encoded.ts";

/** A level or a sublevel, whatever its keys and values are. */
export type AnyLevel = Pick<AbstractLevel<Encoded>, "prefixKey" | "status" | "supports">;

/** The same with its keys and values. (Of AbstractLevel itself TypeScript would compare every member, hooks too.) */
export interface TypedLevel<K, V> extends AnyLevel {
  keyEncoding(): Transcoder.Encoding<K, Encoded, K>;
  valueEncoding(): Transcoder.Encoding<V, Encoded, V>;
}

export type EncodedOperation = EncodedPut | EncodedDel;

interface EncodedPut {
  readonly type: "put";
  readonly key: Encoded;
  readonly value: Encoded;
  readonly keyEncoding: Format;
  /** Where the operation belongs, if not to the level of the batch or below it; the key has no prefix then. */
  readonly sublevel?: AnyLevel | null;
}

interface EncodedDel {
  readonly type: "del";
  readonly key: Encoded;
  readonly keyEncoding: Format;
  readonly sublevel?: AnyLevel | null;
}
