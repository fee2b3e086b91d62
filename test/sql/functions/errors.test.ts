/** What functions refuse, when they are bound and when they run. */
import { describe } from "vitest";
import { checkAnswers } from "./answers.ts";

describe("errors", () => {
  checkAnswers(String.raw`
abs() → error: wrong number of arguments to function abs()
abs(1,2) → error: wrong number of arguments to function abs()
length() → error: wrong number of arguments to function length()
substr('a') → error: wrong number of arguments to function substr()
substr('a',1,2,3) → error: wrong number of arguments to function substr()
round() → error: wrong number of arguments to function round()
round(1,2,3) → error: wrong number of arguments to function round()
replace('a','b') → error: wrong number of arguments to function replace()
concat() → error: wrong number of arguments to function concat()
concat_ws(1) → error: wrong number of arguments to function concat_ws()
coalesce(1) → error: wrong number of arguments to function coalesce()
ifnull(1) → error: wrong number of arguments to function ifnull()
nullif(1) → error: wrong number of arguments to function nullif()
iif(1) → error: wrong number of arguments to function iif()
if() → error: wrong number of arguments to function if()
likely() → error: wrong number of arguments to function likely()
likelihood(1) → error: wrong number of arguments to function likelihood()
likelihood(1,2) → error: second argument to likelihood() must be a constant between 0.0 and 1.0
likelihood(1,1.5) → error: second argument to likelihood() must be a constant between 0.0 and 1.0
likelihood(1,'0.5') → error: second argument to likelihood() must be a constant between 0.0 and 1.0
foo() → error: no such function: foo
foo(1) → error: no such function: foo
timediff('now') → error: wrong number of arguments to function timediff()
abs(-9223372036854775807-1) → error: integer overflow
zeroblob(2000000000) → error: string or blob too big
randomblob(2000000000) → error: string or blob too big
unistr('\q') → error: invalid Unicode escape
like('a','b','cc') → error: ESCAPE expression must be a single character
load_extension('x') → error: not authorized
instr('a') → error: wrong number of arguments to function instr()
hex() → error: wrong number of arguments to function hex()
unhex() → error: wrong number of arguments to function unhex()
pi(1) → error: wrong number of arguments to function pi()
pow(1) → error: wrong number of arguments to function pow()
atan2(1) → error: wrong number of arguments to function atan2()
log() → error: wrong number of arguments to function log()
log(1,2,3) → error: wrong number of arguments to function log()
random(1) → error: wrong number of arguments to function random()
changes(1) → error: wrong number of arguments to function changes()
sqlite_version(1) → error: wrong number of arguments to function sqlite_version()
abs(*) → error: wrong number of arguments to function abs()
`);
});
