/**
 * nacre/bloom: a Bloom filter by itself, without a database.
 *
 *     import { BloomFilter } from "nacre/bloom";
 *     const seen = new BloomFilter({ capacity: 1_000_000 });
 *     seen.add("u:1");
 *     seen.has("u:1"); // true
 *     seen.has("u:2"); // false, or with a probability of 1 % true
 */
export { DbError, type DbErrorCode, type DbErrorFacts } from "./errors.ts";
export { BloomFilter } from "./lsm/bloom.ts";
export type { BloomFilterOptions } from "./lsm/bloom-shape.ts";
