/**
 * Types under test: the compiler checks these files in the same build as everything else, and a wrong type fails it.
 *
 *   export type Cases = [
 *     Expect<Equal<ReturnType<typeof map.get>, User | undefined>>,
 *   ];
 *   // @ts-expect-error: a key of another type is refused
 *   map.get(1);
 */

/** Compiles only where `T` is exactly `true`. */
export type Expect<T extends true> = T;

/** Exact identity: tells `any` from `unknown`, and optional and readonly properties from plain ones. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

export type Not<T extends boolean> = T extends true ? false : true;

/** Whether a value of type `A` may stand where a `B` is asked for. */
export type Assignable<A, B> = [A] extends [B] ? true : false;
