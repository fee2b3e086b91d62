import { describe, expect, it } from "vitest";
import { CrashDisk } from "../../fuzz/disk/crash-disk.ts";
import { GroupSync } from "../../src/wal/group-sync.ts";
import { append, openLog } from "./log-fixture.ts";

describe("group commit", () => {
  it("lets commits of one turn share a sync, and those that come meanwhile share the next", async () => {
    const { syncs, group, finish } = manualGroup();
    const first = [group.request(1), group.request(2), group.request(3)];
    await turn();
    expect(syncs.count).toBe(1);
    const second = [group.request(4), group.request(5)];
    await turn();
    expect(syncs.count).toBe(1);
    finish();
    await Promise.all(first);
    await turn();
    expect(syncs.count).toBe(2);
    finish();
    await Promise.all(second);
  });

  it("starts the next sync after everybody woken by the last one has committed again", async () => {
    const { syncs, group, finish } = manualGroup();
    let commit = 0;
    const writers = Array.from({ length: 64 }, async () => {
      for (let round = 0; round < 3; round++) {
        await group.request(++commit);
      }
    });
    for (let round = 1; round <= 3; round++) {
      await turn();
      expect(syncs.count).toBe(round);
      finish();
    }
    await Promise.all(writers);
    expect(syncs.count).toBe(3);
  });

  it("is durable when it says so", async () => {
    const disk = new CrashDisk();
    const { log } = openLog(disk);
    append(log, [["a", "1"]]);
    const soon = log.syncSoon();
    expect(log.durableCommit).toBe(0);
    await soon;
    expect(log.durableCommit).toBe(1);
    append(log, [["b", "2"]]);
    const covered = log.syncSoon();
    log.sync();
    const before = disk.operations;
    await covered;
    expect(disk.operations).toBe(before);
    expect(log.durableCommit).toBe(2);
  });

  it("survives the rotation and release of the segment that it syncs", async () => {
    const { log } = openLog(new CrashDisk());
    append(log, [["a", "1"]]);
    const soon = log.syncSoon();
    await turn();
    log.release(log.rotate()!);
    append(log, [["b", "2"]]);
    await soon;
    await log.syncSoon();
    expect(log.durableCommit).toBe(2);
  });
});

function manualGroup(): { syncs: { count: number }; group: GroupSync; finish: () => void } {
  const syncs = { count: 0 };
  let finish: () => void = () => {};
  const group = new GroupSync(() => {
    syncs.count++;
    return new Promise((resolve) => {
      finish = resolve;
    });
  });
  return { syncs, group, finish: () => finish() };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
