/** What a method that switches something on or off is given: nothing switches it on. */
export function toggled(given: readonly unknown[]): boolean {
  if (given.length === 0) {
    return true;
  }
  const [state] = given;
  if (typeof state !== "boolean") {
    throw new TypeError("Expected first argument to be a boolean");
  }
  return state;
}
