/** The engines that a level can stand on: its tests run on each of them. */
import type { LevelOptions } from "../../src/level.ts";

export type Engine = NonNullable<LevelOptions<string, string>["engine"]>;

export const ENGINES: readonly Engine[] = ["btree", "lsm"];
