/** MurmurHash3 x86_128: what is published of it, and that neither place nor surroundings of a key matter. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeyHash } from "../../src/lsm/hash.ts";
import { checkProperty } from "../support/property.ts";

/** The four words as the reference implementation lays them out: little endian. */
function digest(hash: KeyHash): Buffer {
  const bytes = Buffer.alloc(16);
  [hash.low, hash.high, hash.third, hash.fourth].forEach((word, i) => {
    bytes.writeInt32LE(word, 4 * i);
  });
  return bytes;
}

/** The four words as they are published in hexadecimal: big endian each. */
function hex(text: string, seed = 0): string {
  const hash = new KeyHash(seed);
  const bytes = Buffer.from(text);
  hash.of(bytes, 0, bytes.length);
  return digest(hash).swap32().toString("hex");
}

describe("published", () => {
  test("the verification value of SMHasher: keys of 0 to 255 bytes, seeds 256 to 1", () => {
    const key = Uint8Array.from({ length: 256 }, (_, i) => i);
    const digests = Array.from({ length: 256 }, (_, length) => {
      const hash = new KeyHash(256 - length);
      hash.of(key, 0, length);
      return digest(hash);
    });
    const all = new KeyHash();
    all.of(Buffer.concat(digests), 0, 256 * 16);
    expect(all.low >>> 0).toBe(0xb3ece62a);
  });

  test.each([
    ["", "00000000000000000000000000000000"],
    ["0", "0ab2409ea5eb34f8a5eb34f8a5eb34f8"],
    ["01", "0f87acb4674f3b21674f3b21674f3b21"],
    ["012", "cd94fea54c13d78e4c13d78e4c13d78e"],
    ["0123", "dc378fea485d3536485d3536485d3536"],
    ["01234", "35c5b3ee7b3b211600ae108800ae1088"],
    ["012345", "db26dc756ce1944bf825536af825536a"],
    ["0123456", "b708d0a186d15c02495d053b495d053b"],
    ["01234567", "aa22bf849216040263b83c5e63b83c5e"],
    ["012345678", "571b5f6775d48126d0205c304ca675dc"],
    ["0123456789", "0017a61e2e528b33a5443f2057a11235"],
    ["0123456789a", "38a2ed0f921f15e42caa7f97a971884f"],
    ["0123456789ab", "cfaa93f9b6982a7e53412b5d04d3d08f"],
    ["0123456789abc", "c970af1dcc6d9d01dd00c683fc11eee3"],
    ["0123456789abcd", "6f34d20ac0a5114dae0d83c563f51794"],
    ["0123456789abcde", "3c76c46d4d0818c0add433daa78673fa"],
    ["0123456789abcdef", "fb7d440936aed30a48ad1d9b572b3bfd"],
    ["I will not buy this tobacconist's, it is scratched.", "9b5b7ba2ef3f7866889adeaf00f3f98e"],
    ["這個有效", "5ee7e60516f613aa76048cdc7a1493e3"],
  ])("%j", (text, expected) => {
    expect(hex(text)).toBe(expected);
  });

  test("a seed", () => {
    expect(hex("", 1)).toBe("88c4adec54d201b954d201b954d201b9");
  });

  test("every length of a key, 0 to 2048, as the C++ of the mmh3 package has it", () => {
    const key = Uint8Array.from({ length: 2048 }, (_, i) => i * 131 + (i >> 8) * 17 + 7);
    const hash = new KeyHash();
    const digests: Buffer[] = [];
    for (let length = 0; length <= key.length; length++) {
      hash.of(key, 0, length);
      digests.push(digest(hash));
    }
    const all = Buffer.concat(digests);
    hash.of(all, 0, all.length);
    expect(digest(hash).toString("hex")).toBe("7f1ad299d881ab3b33a40ea97b0d8aa3");
    expect(digests[2048]!.toString("hex")).toBe("03df58a26542194bd20776d1c5d70c8d");
  });
});

describe("a key", () => {
  test("has the same hash wherever it lies and whatever lies around it", () => {
    const hash = new KeyHash();
    const bytes = fc.uint8Array({ maxLength: 100 });
    checkProperty(
      fc.property(bytes, bytes, bytes, (before, key, after) => {
        hash.of(key, 0, key.length);
        const expected = digest(hash).toString("hex");
        const around = new Uint8Array(new SharedArrayBuffer(before.length + key.length + after.length));
        around.set(before);
        around.set(key, before.length);
        around.set(after, before.length + key.length);
        hash.of(around, before.length, key.length);
        expect(digest(hash).toString("hex")).toBe(expected);
      }),
    );
  });

  test("changed in any bit has another hash, about half of the bits of which differ", () => {
    const hash = new KeyHash();
    const key = Buffer.from("user:0000004711");
    hash.of(key, 0, key.length);
    const words = [hash.low, hash.high];
    let differing = 0;
    for (let bit = 0; bit < 8 * key.length; bit++) {
      key[bit >> 3]! ^= 1 << (bit & 7);
      hash.of(key, 0, key.length);
      key[bit >> 3]! ^= 1 << (bit & 7);
      differing += ones(hash.low ^ words[0]!) + ones(hash.high ^ words[1]!);
    }
    expect(differing / (8 * key.length)).toBeGreaterThan(30);
    expect(differing / (8 * key.length)).toBeLessThan(34);
  });
});

function ones(word: number): number {
  return (word >>> 0).toString(2).replaceAll("0", "").length;
}
