/**
 * How often a blocked Bloom filter says "may be there" of a key that is not: the rate of false positives.
 *
 * Predicted, from numbers alone. A block of 512 bits in which j keys set k bits each has a bit clear with probability
 * (1 - 1/512)^(kj), and lets a key through with (1 - (1 - 1/512)^(kj))^k. Which block a key goes to is drawn, so that the
 * rate is the mean of that over j, keys being distributed to blocks binomially:
 *
 *     rate = Σ  P(j keys in a block) × (1 - (1 - 1/512)^(kj))^k,    P binomial(keys, 1 / blocks)
 *
 * For many blocks the binomial is a Poisson distribution with mean keys / blocks, as in Putze, Sanders and Singler, Cache-,
 * Hash- and Space-Efficient Bloom Filters (WEA 2007), section 3. The binomial is as short, and right for few blocks too.
 * A power of a mean stands for the mean of powers, which makes the prediction low: by 1 % or 2 % at 5 to 20 bits a key.
 *
 * Measured, from the bits that are set: the mean over blocks of (set bits / 512)^k, exactly the share of hashes that the
 * filter lets through.
 */
import { BLOCK_BITS, BLOCK_BYTES, countBits, MAX_PROBES } from "./bloom-block.ts";

/** Terms of a mixture that weigh less than this, the largest weighing 1, add nothing that a double would show. */
const NEGLIGIBLE = 1e-18;
/** With so many keys a block on average, its bits are all set. */
const KEYS_OF_FULL_BLOCKS = 65536;
/** A probe less is worth a rate that is so much higher. */
const WORTH_A_PROBE = 1.05;
const MANY_BLOCKS = 2 ** 20;
const CLEAR_AFTER_ONE = Math.log1p(-1 / BLOCK_BITS);

/** The expected rate of false positives, 0 to 1, with `keys` different keys in `blocks` blocks, `probes` bits each. */
export function predictedRate(keys: number, blocks: number, probes: number): number {
  if (keys === 0) {
    return 0;
  }
  if (blocks === 1) {
    return rateOfBlock(keys, probes);
  }
  if (keys / blocks > KEYS_OF_FULL_BLOCKS) {
    return 1;
  }
  // From the likeliest number of keys outwards, each weight from the one before.
  const likeliest = Math.floor((keys + 1) / blocks);
  let weights = 1;
  let sum = rateOfBlock(likeliest, probes);
  let weight = 1;
  for (let j = likeliest; j < keys && weight > NEGLIGIBLE; j++) {
    weight *= (keys - j) / (j + 1) / (blocks - 1);
    weights += weight;
    sum += weight * rateOfBlock(j + 1, probes);
  }
  weight = 1;
  for (let j = likeliest; j > 0 && weight > NEGLIGIBLE; j--) {
    weight *= (j * (blocks - 1)) / (keys - j + 1);
    weights += weight;
    sum += weight * rateOfBlock(j - 1, probes);
  }
  return sum / weights;
}

/**
 * How many bits a key shall set where there are `bitsPerKey` bits for each: the fewest whose rate, in a large filter, is
 * within a twentieth of the best. At 10 bits a key that is 6, which comes to 0.96 % as 7 do.
 */
export function probesFor(bitsPerKey: number): number {
  const keys = Math.max(1, Math.round((MANY_BLOCKS * BLOCK_BITS) / bitsPerKey));
  const rates: number[] = [];
  let best = 1;
  for (let probes = 1; probes <= MAX_PROBES; probes++) {
    const rate = predictedRate(keys, MANY_BLOCKS, probes);
    rates.push(rate);
    // Rates fall to the best one and rise from there.
    if (rate > best) {
      break;
    }
    best = rate;
  }
  return 1 + rates.findIndex((rate) => rate <= best * WORTH_A_PROBE);
}

/** The rate of the `blocks` blocks that start at word `word` of `u32`, summed: divide by their number. */
export function summedRate(u32: Uint32Array, word: number, blocks: number, probes: number): number {
  let sum = 0;
  for (let block = 0; block < blocks; block++) {
    sum += (countBits(u32, word + block * (BLOCK_BYTES / 4)) / BLOCK_BITS) ** probes;
  }
  return sum;
}

function rateOfBlock(keys: number, probes: number): number {
  return (-Math.expm1(keys * probes * CLEAR_AFTER_ONE)) ** probes;
}
