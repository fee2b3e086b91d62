/** abs, round, sign, and the functions that choose among values. */
import { describe } from "vitest";
import { checkAnswers } from "./answers.ts";

describe("numbers", () => {
  checkAnswers(`
abs('') → 0.0
abs('abc') → 0.0
abs('é𝒳') → 0.0
abs('a'||char(0)||'b') → 0.0
abs(NULL) → NULL
abs(x'') → 0.0
abs(x'4142') → 0.0
abs(0) → 0
abs(12) → 12
abs(-7) → 7
abs(9223372036854775807) → 9223372036854775807
abs(-9223372036854775808) → error: integer overflow
abs(0.5) → 0.5
abs(-2.5) → 2.5
abs(1e300) → 1.0e+300
abs(9e999) → 9.0e+999
abs(-9e999) → 9.0e+999
abs('-3.5x') → 3.5
abs(x'2d31') → 1.0
abs(-0.0) → 0.0
sign('') → NULL
sign('abc') → NULL
sign('é𝒳') → NULL
sign('a'||char(0)||'b') → NULL
sign(NULL) → NULL
sign(x'') → NULL
sign(x'4142') → NULL
sign(0) → 0
sign(12) → 1
sign(-7) → -1
sign(9223372036854775807) → 1
sign(-9223372036854775808) → -1
sign(0.5) → 1
sign(-2.5) → -1
sign(1e300) → 1
sign(9e999) → 1
sign(-9e999) → -1
sign('5') → 1
sign('5x') → NULL
sign(' -3 ') → -1
sign(-0.0) → 0
round(0.5) → 1.0
round(1.5) → 2.0
round(2.5) → 3.0
round(-0.5) → -1.0
round(-2.5) → -3.0
round(0.49999999999999994) → 1.0
round(4503599627370495.5) → 4503599627370496.0
round(9e999) → 9.0e+999
round(NULL) → NULL
round('2.5') → 3.0
round('x') → 0.0
round(x'322e35') → 3.0
round(12) → 12.0
round(9223372036854775807) → 9.2233720368547758e+18
round(-0.3) → 0.0
round(2.675,2) → 2.67
round(1.005,2) → 1.0
round(100.005,2) → 100.0
round(-1.25,1) → -1.3
round(1234.5678,-1) → 1235.0
round(1.23456789012345678,15) → 1.2345678901234569
round(0.05,1) → 0.1
round(0.04,1) → 0.0
round(1e-31,30) → 0.0
round(5e-324,30) → 0.0
round(99.995,2) → 100.0
round(0.1,30) → 0.1
round(1.5,NULL) → NULL
round(1,'1') → 1.0
round(123456789.987654321,5) → 123456789.98765001
round(9.9999,3) → 10.0
round(-0.0001,2) → 0.0
max(1,2.5,'a') → 'a'
max(1,NULL) → NULL
min('a',x'00',2) → 2
min(1,1.0) → 1.0
max(1,1.0) → 1
max('a','B') → 'a'
min(x'01',x'00') → X'00'
max(9223372036854775807,9223372036854775807.0) → 9.2233720368547758e+18
nullif(1,1) → NULL
nullif(1,1.0) → NULL
nullif('a','b') → 'a'
nullif(NULL,1) → NULL
ifnull(NULL,2) → 2
coalesce(NULL,NULL,3) → 3
coalesce(NULL,NULL) → NULL
iif(1,2) → 2
iif(0,2) → NULL
iif(0,1,2) → 2
iif(0,1,0,2,3) → 3
iif(0,1,0,2) → NULL
iif(NULL,1,1,2,3) → 2
if('a',1,2) → 2
likely(3) → 3
unlikely('x') → 'x'
likelihood(NULL,0.5) → NULL
`);
});
