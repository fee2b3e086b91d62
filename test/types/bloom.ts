import { BloomFilter, type BloomFilterOptions } from "../../src/bloom.ts";
import type { Assignable, Equal, Expect, Not } from "./expect.ts";

export type BloomCases = [
  Expect<Assignable<{ capacity: number }, BloomFilterOptions>>,
  Expect<Assignable<{ capacity: number; bitsPerKey: number }, BloomFilterOptions>>,
  Expect<Assignable<{ capacity: number; falsePositiveRate: number }, BloomFilterOptions>>,
  Expect<Not<Assignable<{ bitsPerKey: number }, BloomFilterOptions>>>,
  Expect<Not<Assignable<{ capacity: number; bitsPerKey: number; falsePositiveRate: number }, BloomFilterOptions>>>,
  Expect<Equal<Parameters<BloomFilter["add"]>, [key: string | Uint8Array]>>,
  Expect<Equal<ReturnType<BloomFilter["has"]>, boolean>>,
  Expect<Equal<BloomFilter["count"], number>>,
];

const filter = new BloomFilter({ capacity: 10 });
// @ts-expect-error: keys are strings or bytes
filter.has(1);
// @ts-expect-error: what it was made with does not change
filter.capacity = 20;
