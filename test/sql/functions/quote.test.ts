/** Values as literals and as hexadecimal digits, and back. */
import { describe } from "vitest";
import { checkAnswers } from "./answers.ts";

describe("literals", () => {
  checkAnswers(String.raw`
quote('') → ''''''
quote('abc') → '''abc'''
quote('é𝒳') → '''é𝒳'''
quote('a'||char(0)||'b') → '''a'''
quote(NULL) → 'NULL'
quote(x'') → 'X'''''
quote(x'4142') → 'X''4142'''
quote(0) → '0'
quote(12) → '12'
quote(-7) → '-7'
quote(9223372036854775807) → '9223372036854775807'
quote(-9223372036854775808) → '-9223372036854775808'
quote(0.5) → '0.5'
quote(-2.5) → '-2.5'
quote(1e300) → '1.0e+300'
quote(9e999) → '9.0e+999'
quote(-9e999) → '-9.0e+999'
quote('it''s') → '''it''''s'''
quote('a\b') → '''a\b'''
quote(0.1) → '0.1'
quote(1e-7) → '1.0e-07'
quote(123456789.125) → '123456789.125'
quote(1e15) → '1000000000000000.0'
quote(1e17) → '1.0e+17'
quote(x'00ff') → 'X''00FF'''
unistr_quote('abc') → '''abc'''
unistr_quote('a\b') → '''a\b'''
unistr_quote('it''s'||char(10)) → 'unistr(''it''''s\u000a'')'
unistr_quote(char(1,31,127)) → 'unistr(''\u0001\u001f'')'
unistr_quote(NULL) → 'NULL'
unistr_quote(1.5) → '1.5'
unistr_quote(x'ab') → 'X''AB'''
unistr_quote('\'||char(9)) → 'unistr(''\\\u0009'')'
unistr('\0041\00e9') → 'Aé'
unistr('\u0041') → 'A'
unistr('\+01F600') → '😀'
unistr('\U0001F600') → '😀'
unistr('a\\b') → 'a\b'
unistr('') → ''
unistr(NULL) → NULL
unistr(5) → '5'
unistr('\u00') → error: invalid Unicode escape
unistr('\') → error: invalid Unicode escape
unistr('\x') → error: invalid Unicode escape
unistr('\u12g4') → error: invalid Unicode escape
unistr('\ud800') → '���'
hex('') → ''
hex('abc') → '616263'
hex('é𝒳') → 'C3A9F09D92B3'
hex('a'||char(0)||'b') → '610062'
hex(NULL) → ''
hex(x'') → ''
hex(x'4142') → '4142'
hex(0) → '30'
hex(12) → '3132'
hex(-7) → '2D37'
hex(9223372036854775807) → '39323233333732303336383534373735383037'
hex(-9223372036854775808) → '2D39323233333732303336383534373735383038'
hex(0.5) → '302E35'
hex(-2.5) → '2D322E35'
hex(1e300) → '312E30652B333030'
hex(9e999) → '496E66'
hex(-9e999) → '2D496E66'
unhex('4142') → X'4142'
unhex('abCD') → X'ABCD'
unhex('4') → NULL
unhex('41 42') → NULL
unhex('41 42',' ') → X'4142'
unhex('4 142',' ') → NULL
unhex('41-42:43','-:') → X'414243'
unhex('-41-','-') → X'41'
unhex('') → X''
unhex(NULL) → NULL
unhex('41',NULL) → NULL
unhex('4G') → NULL
unhex('41é42','é') → X'4142'
unhex(x'3431') → X'41'
unhex(1234) → X'1234'
zeroblob(3) → X'000000'
zeroblob(0) → X''
zeroblob(-1) → X''
zeroblob(NULL) → X''
zeroblob('2') → X'0000'
`);
});
