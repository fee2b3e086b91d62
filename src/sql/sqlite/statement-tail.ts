/** What may stand behind the one statement that `prepare` takes: white space, semicolons and comments. */

const SKIPPED: ReadonlySet<string> = new Set([" ", ";", "\n", "\t", "\r", "\f", "\v", "\0"]);

export function isTailEmpty(text: string, from: number): boolean {
  let at = from;
  while (at < text.length) {
    if (SKIPPED.has(text[at]!)) {
      at++;
    } else if (text.startsWith("/*", at)) {
      const end = text.indexOf("*/", at + 2);
      at = end < 0 ? text.length : end + 2;
    } else if (text.startsWith("--", at)) {
      const end = text.indexOf("\n", at + 2);
      at = end < 0 ? text.length : end + 1;
    } else {
      return false;
    }
  }
  return true;
}
