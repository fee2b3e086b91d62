/**
 * A leaderboard: keys that sort the way it is read, and ranks without counting one by one.
 *
 *     node dist/examples/leaderboard.js [DIR]
 *
 * The board's keys are tuples: [game, points to the maximum, player]. So the best come first, players with the same
 * points by name, and every game is one stretch of keys. Trees carry counts, so the rank of a player among many costs
 * as little as a lookup. Score and board change in one `db.write`, or not at all.
 */
import { open } from "nacre";

const MOST_POINTS = 1_000_000;
const PLAYERS = 20_000;

using db = open(process.argv[2] ?? ":memory:");
const points = db.map<number>("points", { key: "tuple" });
const board = db.map<null>("board", { key: "tuple" });

function win(game: string, player: string, more: number): void {
  db.write((tx) => {
    const pointsNow = tx.map<number>("points", { key: "tuple" });
    const boardNow = tx.map<null>("board", { key: "tuple" });
    const before = pointsNow.get([game, player]);
    const after = Math.min(MOST_POINTS, (before ?? 0) + more);
    if (before !== undefined) {
      boardNow.delete([game, MOST_POINTS - before, player]);
    }
    pointsNow.put([game, player], after);
    boardNow.put([game, MOST_POINTS - after, player], null);
  });
}

function top(game: string, count: number): void {
  let rank = 1;
  for (const [, missing, player] of board.range({ prefix: [game], limit: count }).keys()) {
    console.log(`${rank++}. ${player}, ${MOST_POINTS - (missing as number)} points`);
  }
}

function rankOf(game: string, player: string): number {
  const own = points.get([game, player]) ?? 0;
  return 1 + board.count({ gte: [game], lt: [game, MOST_POINTS - own, player] });
}

// Bulk load wants sorted keys, and gets them from the plan of the keys.
const players = Array.from({ length: PLAYERS }, (_, i) => [String(i).padStart(5, "0"), (i * 7919) % 99_991] as const);
await points.load(players.map(([name, score]) => [["chess", `player ${name}`], score]));
await board.load(
  [...players]
    .sort(([nameA, a], [nameB, b]) => b - a || (nameA < nameB ? -1 : 1))
    .map(([name, score]) => [["chess", MOST_POINTS - score, `player ${name}`], null]),
);

console.log(`${board.count({ prefix: ["chess"] })} players`);
top("chess", 3);
console.log(`player 00042 is number ${rankOf("chess", "player 00042")}`);

win("chess", "player 00042", 95_000);
win("go", "player 00007", 10);
console.log(`player 00042 wins 95000 points and is number ${rankOf("chess", "player 00042")}`);

const middle = board
  .range({ prefix: ["chess"], reverse: true, limit: 1 })
  .keys()
  .next().value;
console.log(`last of all: ${middle?.[2]}`);
