/**
 * A job queue with three workers, one of which dies with a job in hand.
 *
 *     node dist/examples/job-queue.js [DIR]
 *
 * One map holds jobs, leases and results, so that one `nextChange` hears of all of them:
 *
 *     ["job", 3]     what is to be done; stays until it is done
 *     ["lease", 3]   somebody is at it; ends by itself (ttl), so that a dead worker's job is found again
 *     ["done", 3]    the result, written in the same commit that removes job and lease
 *
 * Two workers that want the same job write the same lease. The second to commit meets a CONFLICT, and `db.transaction`
 * runs it again, on a snapshot in which the lease is there.
 */
import { type DbMap, open, type Transaction, type Tuple } from "nacre";

const LEASE_MS = 3000;
const JOBS = 12;

using db = open(process.argv[2] ?? ":memory:");
const queue = queueOf(db);
const stop = new AbortController();
let attempts = 0;
let taken = 0;

function queueOf({ map }: Pick<Transaction, "map">): DbMap<Tuple, string> {
  return map("queue", { key: "tuple", value: "string" });
}

/** The first job that nobody is at, now leased to this worker; undefined: there is none. */
async function take(worker: string): Promise<number | undefined> {
  return await db.transaction((tx) => {
    attempts++;
    const inside = queueOf(tx);
    for (const [, job] of inside.range({ prefix: ["job"] }).keys()) {
      const lease = ["lease", job as number];
      if (!inside.has(lease)) {
        inside.put(lease, worker, { ttl: LEASE_MS });
        return job as number;
      }
    }
    return undefined;
  });
}

async function finish(job: number, worker: string, result: string): Promise<void> {
  await db.transaction((tx) => {
    const inside = queueOf(tx);
    if (inside.get(["lease", job]) === worker) {
      inside.delete(["job", job]);
      inside.delete(["lease", job]);
      inside.put(["done", job], `${result} (${worker})`);
    }
  });
}

async function nextChangeOrStop(): Promise<void> {
  try {
    await queue.nextChange({ signal: stop.signal });
  } catch (error) {
    if (!stop.signal.aborted) {
      throw error;
    }
  }
}

async function work(worker: string, diesAt: number): Promise<void> {
  for (let started = 1; !stop.signal.aborted; started++) {
    const before = db.lastCommit;
    const job = await take(worker);
    if (job === undefined) {
      // A commit made since `take` looked would not wake anybody any more: look again.
      if (db.lastCommit === before) {
        await nextChangeOrStop();
      }
      continue;
    }
    taken++;
    if (started === diesAt) {
      console.log(`${worker} dies with job ${job}`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    await finish(job, worker, `${job} squared is ${job * job}`);
  }
}

const workers = [work("anna", 0), work("ben", 0), work("cleo", 2)];
for (let job = 1; job <= JOBS; job++) {
  queue.put(["job", job], "square it");
}

const alive = setInterval(() => {}, 1000);
while (queue.count({ prefix: ["done"] }) < JOBS) {
  await queue.nextChange({ prefix: ["done"] });
}
clearInterval(alive);
stop.abort();
await Promise.all(workers);

for (const [, result] of queue.range({ prefix: ["done"] })) {
  console.log(result);
}
console.log(`${JOBS} jobs done, ${taken} leases, ${queue.count({ prefix: ["job"] })} jobs left`);
console.log(`${attempts - taken} attempts found nothing or met a conflict`);
