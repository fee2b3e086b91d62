/**
 * The arena tree by itself, beside a JavaScript Map from string to op. `node dist/bench/btree-arena.js [entries]`
 *
 * 16-byte keys, ops with 100-byte values; an insert finds its op written already, as recovery does. Three kinds of keys:
 * random ones, ascending ones, and scattered decimal numbers behind "user:". CPU time, the best of several rounds.
 */
import { ArenaCursor, ArenaIndex } from "../src/btree/index.ts";
import { OP_KIND_PUT } from "../src/wal/index.ts";
import { OpArena } from "../test/btree/op-arena.ts";

const KEYSPACE = 1;
const KEY_BYTES = 16;
const KEY_OFFSET = 20;
const VALUE_BYTES = 100;
const OP_BYTES = 136;
const ROUNDS = 7;

type KeyWriter = (n: number, count: number, key: Uint8Array) => void;

const KEYS: Record<string, KeyWriter> = {
  random: (n, _, key) => writeWords(key, Math.imul(n, 0x9e3779b1) ^ (Math.imul(n, 0x85ebca6b) >>> 15), n),
  ascending: (n, _, key) => writeWords(key, n, 0),
  "user:": (n, count, key) => {
    let rest = (n * 7919) % count;
    key.set([117, 115, 101, 114, 58]);
    for (let i = KEY_BYTES - 1; i >= 5; i--) {
      key[i] = 48 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
  },
};

function writeWords(key: Uint8Array, first: number, second: number): void {
  const data = new DataView(key.buffer);
  data.setUint32(0, first);
  data.setUint32(4, second);
}

function bestNs(label: string, count: number, run: () => void): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.cpuUsage().user;
    run();
    best = Math.min(best, ((process.cpuUsage().user - start) * 1000) / count);
  }
  const rate = (1000 / best).toFixed(2);
  process.stdout.write(`${label.padEnd(24)} ${best.toFixed(1).padStart(8)} ns   ${rate.padStart(8)} M/s\n`);
}

function benchKeys(kind: string, count: number): void {
  const arena = new OpArena(2 * count * OP_BYTES + 4096);
  const key = new Uint8Array(KEY_BYTES);
  const first = arena.tail;
  for (let i = 0; i < 2 * count; i++) {
    KEYS[kind]!(i % count, count, key);
    arena.append(KEYSPACE, OP_KIND_PUT, key, VALUE_BYTES);
  }
  const end = first + count * OP_BYTES;
  const index = new ArenaIndex(arena.u8, arena.u32, Math.max(16 * 1024 * 1024, count * 24));
  bestNs(`${kind} insert`, count, () => {
    index.reset(arena.u8, arena.u32);
    for (let op = first; op < end; op += OP_BYTES) {
      index.insert(KEYSPACE, op, op);
    }
  });
  bestNs(`${kind} find`, count, () => {
    for (let i = 0; i < count; i++) {
      const op = first + OP_BYTES * ((i * 40503) % count);
      if (index.find(KEYSPACE, arena.u8, op + KEY_OFFSET, KEY_BYTES) === 0) {
        throw new Error("a key is lost");
      }
    }
  });
  bestNs(`${kind} find, replace`, count, () => {
    for (let i = 0; i < count; i++) {
      const op = end + OP_BYTES * ((i * 40503) % count);
      if (index.find(KEYSPACE, arena.u8, op + KEY_OFFSET, KEY_BYTES) !== index.insert(KEYSPACE, op, op)) {
        throw new Error("a version is lost");
      }
    }
  });
  const cursor = new ArenaCursor();
  cursor.open(index, KEYSPACE);
  bestNs(`${kind} scan`, count, () => {
    for (let op = cursor.first(); op !== 0; op = cursor.next()) {}
  });
  process.stdout.write(
    `${`${kind} nodes`.padEnd(24)} ${(index.memoryBytes / count).toFixed(1).padStart(8)} bytes an entry\n`,
  );
  benchMap(kind, arena, first, end, count);
}

function benchMap(kind: string, arena: OpArena, first: number, end: number, count: number): void {
  const bytes = Buffer.from(arena.buffer);
  bestNs(`${kind} Map.set`, count, () => {
    const map = new Map<string, number>();
    for (let op = first; op < end; op += OP_BYTES) {
      map.set(bytes.toString("latin1", op + KEY_OFFSET, op + KEY_OFFSET + KEY_BYTES), op);
    }
  });
}

const count = Number(process.argv[2] ?? 240_000);
for (const kind of Object.keys(KEYS)) {
  benchKeys(kind, count);
}
