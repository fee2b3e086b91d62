/** Disks in memory as tests of damage need them: copied, looked into, and changed a byte at a time. */
import { type Disk, MemoryDisk } from "../../src/pager/index.ts";

export function copyOf(disk: Disk): MemoryDisk {
  const copy = new MemoryDisk();
  for (const name of disk.list()) {
    const bytes = bytesOf(disk, name);
    const file = copy.open(name, "create");
    file.write(bytes, 0, bytes.length, 0);
    file.close();
  }
  return copy;
}

export function bytesOf(disk: Disk, name: string): Uint8Array {
  const file = disk.open(name, "read");
  const bytes = new Uint8Array(file.sizeBytes());
  file.read(bytes, 0, bytes.length, 0);
  file.close();
  return bytes;
}

export function flip(disk: Disk, name: string, at: number, mask: number): void {
  const file = disk.open(name, "write");
  const byte = new Uint8Array(1);
  file.read(byte, 0, 1, at);
  byte[0]! ^= mask;
  file.write(byte, 0, 1, at);
  file.close();
}

export function truncate(disk: Disk, name: string, sizeBytes: number): void {
  const file = disk.open(name, "write");
  file.truncate(sizeBytes);
  file.close();
}

/** Everything on the disk as one comparable value. */
export function contentsOf(disk: Disk): Map<string, string> {
  return new Map(disk.list().map((name) => [name, Buffer.from(bytesOf(disk, name)).toString("base64")]));
}
