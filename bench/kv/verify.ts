/** A figure counts only where the work was done: throws if it was not. */
export function verify(isTrue: boolean, claim: string): asserts isTrue {
  if (!isTrue) {
    throw new Error(`not measured, because this does not hold: ${claim}`);
  }
}
