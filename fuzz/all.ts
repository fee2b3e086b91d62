/** Every fuzzer there is. */
import { apiFuzzer } from "./api.ts";
import { bloomFuzzer } from "./bloom.ts";
import { btreeFuzzer } from "./btree.ts";
import { btreeArenaFuzzer } from "./btree-arena.ts";
import { unpackFuzzer } from "./btree-unpack.ts";
import { cliImportFuzzer } from "./cli-import.ts";
import type { Fuzzer } from "./fuzzer.ts";
import { mvccFuzzer } from "./mvcc.ts";
import { sqlFuzzer } from "./sql.ts";
import { sqlDifferentialFuzzer } from "./sql-differential.ts";
import { sqlJsonFuzzer } from "./sql-json.ts";
import { sqlParseFuzzer } from "./sql-parse.ts";
import { sqlTiersFuzzer } from "./sql-tiers.ts";
import { sqlZonesFuzzer } from "./sql-zones.ts";
import { walFuzzer } from "./wal.ts";

export const ALL_FUZZERS: readonly Fuzzer[] = [
  mvccFuzzer,
  apiFuzzer,
  walFuzzer,
  btreeFuzzer,
  btreeArenaFuzzer,
  unpackFuzzer,
  bloomFuzzer,
  sqlFuzzer,
  sqlParseFuzzer,
  sqlJsonFuzzer,
  sqlDifferentialFuzzer,
  sqlTiersFuzzer,
  sqlZonesFuzzer,
  cliImportFuzzer,
];
