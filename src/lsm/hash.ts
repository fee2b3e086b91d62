/** Stub. */
export class KeyHash {
  low = 0;
  high = 0;
  of(u8: Uint8Array, offset: number, length: number): void {
    let a = 0x811c9dc5;
    let b = 0x1234567;
    for (let i = 0; i < length; i++) {
      a = Math.imul(a ^ u8[offset + i]!, 0x01000193);
      b = Math.imul(b + u8[offset + i]!, 0x85ebca6b) ^ (b >>> 13);
    }
    this.low = (a ^ (a >>> 15)) >>> 0;
    this.high = (b ^ (b >>> 16)) >>> 0;
  }
}
