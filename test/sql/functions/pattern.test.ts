/** LIKE and GLOB as functions. */
import { describe } from "vitest";
import { checkAnswers } from "./answers.ts";

describe("patterns", () => {
  checkAnswers(`
like('a%','ABC') → 1
like('_b_','abc') → 1
like('a','b') → 0
like('%é','É') → 0
like('%é','xé') → 1
like('a!%b','a%b','!') → 1
like('a!%b','axb','!') → 0
like('%a%','xay','%') → 0
like('_a','_a','_') → 0
like('ab','ab','bb') → error: ESCAPE expression must be a single character
like('a','a','') → error: ESCAPE expression must be a single character
like('a','a',NULL) → NULL
like(NULL,'a') → NULL
like('a',NULL) → NULL
like(x'61','a') → 0
like('a',x'61') → 0
like(1,1.0) → 0
like('1%',12) → 1
like('','') → 1
like('𝒳','𝒳') → 1
glob('a*','abc') → 1
glob('A*','abc') → 0
glob('a?c','aéc') → 1
glob('[a-c]x','bx') → 1
glob('[^a-c]x','bx') → 0
glob('[]]','[') → 0
glob('[]]',']') → 1
glob('[','[') → 0
glob(NULL,'a') → NULL
glob('a',x'61') → 0
glob('1*',12) → 1
glob('*b','aab') → 1
`);
});
