/**
 * Sessions that end by themselves: entries with a time to live.
 *
 *     node dist/examples/sessions.js [DIR]
 *
 * An entry is unseen from the millisecond in which its time is over, whoever looks. A loop in the background then deletes
 * it, within a second; that is a commit like any other, so whoever waits for the map to change hears of it.
 */
import { open } from "nacre";

interface Session {
  readonly user: string;
  readonly visits: number;
}

const TTL_MS = 3000;

using db = open(process.argv[2] ?? ":memory:");
const sessions = db.map<Session>("sessions");

function logIn(token: string, user: string): void {
  sessions.put(token, { user, visits: 1 }, { ttl: TTL_MS });
}

/** Counts the visit and starts the session's time anew; undefined where the session is over. */
function visit(token: string): Session | undefined {
  return db.write((tx) => {
    const open = tx.map<Session>("sessions");
    const session = open.get(token);
    if (session === undefined) {
      return undefined;
    }
    const renewed = { ...session, visits: session.visits + 1 };
    open.put(token, renewed, { ttl: TTL_MS });
    return renewed;
  });
}

function sleep(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

logIn("t-ada", "ada");
logIn("t-bob", "bob");
console.log(`${sessions.count()} sessions`);

await sleep(TTL_MS / 2);
console.log(`ada comes again: visit ${visit("t-ada")?.visits}`);

await sleep(TTL_MS / 2 + 50);
console.log(`bob stayed away: ${sessions.has("t-bob") ? "still there" : "gone"}`);
console.log(`ada: ${sessions.has("t-ada") ? "still there" : "gone"}`);

// Waiting does not keep a process alive; a server's own work does.
const alive = setInterval(() => {}, 1000);
while (sessions.count() > 0) {
  await sessions.nextChange();
}
clearInterval(alive);
console.log(
  `all gone: ${[...sessions].length} entries left, ${visit("t-ada") === undefined ? "ada must log in" : "?"}`,
);
