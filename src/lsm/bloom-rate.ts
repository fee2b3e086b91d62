/**
 * How often a blocked Bloom filter says "may be there" of a key that is not: the rate of false positives.
 *
 * Predicted, from numbers alone. Which block a key goes to is drawn, so that the rate is the mean over blocks of what a
 * block with j keys lets through, keys being distributed to blocks binomially:
 *
 *     rate = Σ  P(j keys in a block) × E[(share of bits that k × j probes set)^k],    P binomial(keys, 1 / blocks)
 *
 * For many blocks the binomial is a Poisson distribution with mean keys / blocks, as in Putze, Sanders and Singler, Cache-,
 * Hash- and Space-Efficient Bloom Filters (WEA 2007), section 3. The binomial is as short, and right for few blocks too.
 *
 * The share has the mean 1 - (1 - 1/512)^(kj). Its k-th power is usually taken for the mean of the k-th power, which makes
 * the prediction low, by 3 % at 20 bits a key (Bose et al., On the False-Positive Rate of Bloom Filters, 2008, have why).
 * Here the variance of the share, known exactly too, adds the next term:
 *
 *     E[share^k] = mean^k × (1 + k (k - 1) / 2 × variance / mean²)
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
/** Logarithms of the probabilities that a probe leaves one bit, or two bits, as they are. */
const SPARES_ONE = Math.log1p(-1 / BLOCK_BITS);
const SPARES_TWO = Math.log1p(-2 / BLOCK_BITS);

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
 * within a twentieth of the best. At 10 bits a key that is 6, which comes to 0.97 % as 7 do.
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

/** What a block with `keys` keys in it is expected to let through. */
function rateOfBlock(keys: number, probes: number): number {
  if (keys === 0) {
    return 0;
  }
  const set = keys * probes;
  const clearShare = Math.exp(set * SPARES_ONE);
  const share = -Math.expm1(set * SPARES_ONE);
  const bothClear = Math.exp(set * SPARES_TWO);
  const variance = Math.max(0, bothClear - clearShare * clearShare + (clearShare - bothClear) / BLOCK_BITS);
  const pairs = (probes * (probes - 1)) / 2;
  return Math.min(1, share ** probes * (1 + (pairs * variance) / (share * share)));
}
