/**
 * What the planner knows of tables: how many rows there are, and, out of samples, how many of them have the same values under a
 * key, and for what part of them a condition holds.
 *
 *   matchesOf   rows a value of the key's first columns, on the average of its values: where `s` entries share the columns of a
 *               sampled entry, 1/s of an entry is a value of its own
 *   passing     conditions are tried on sampled rows
 *   valuesOf    different values of an expression, by how many of the sampled rows have one of their own
 *
 * Samples belong to a table of a schema, and are taken anew when it has become half or twice as large. They are copies of rows:
 * no more than SAMPLED_ROWS of SAMPLED_BYTES each.
 */
import type { Index, KeyColumn, Table } from "../../catalog/schema.ts";
import { behindColumns, endOfColumns, type KeyOrder } from "../../key.ts";
import type { KeyspaceReader, SampledEntry } from "../../storage.ts";
import type { Bound, Source, TableOrigin } from "../bind/bound.ts";

const SAMPLED_ROWS = 64;
const SAMPLED_BYTES = 4096;
const SAMPLED_KEYS = 16;
/** A table of fewer rows is not worth looking at. */
const FEWEST_ROWS = 64;

/** Tries expressions on sampled rows of a source (interpret/sampled-rows.ts). */
export interface SampleTrial {
  /** Which of the rows pass; undefined: that cannot be known before the statement runs. */
  passing(source: Source, rows: readonly SampledEntry[], condition: Bound): readonly boolean[] | undefined;
  /** What tells the values of an expression apart, row by row. */
  values(source: Source, rows: readonly SampledEntry[], bound: Bound): readonly unknown[] | undefined;
}

interface TableSample {
  readonly estimate: number;
  readonly rows: readonly SampledEntry[];
  /** By keyspace and number of columns. */
  readonly matches: Map<string, number | undefined>;
}

const samples = new WeakMap<Table, TableSample>();

export class Statistics {
  readonly #reader: () => KeyspaceReader;
  readonly #trial: SampleTrial;

  constructor(reader: () => KeyspaceReader, trial: SampleTrial) {
    this.#reader = reader;
    this.#trial = trial;
  }

  rowsOf(table: Table): number {
    return Math.max(1, this.#reader().estimate(table.keyspace));
  }

  /** How many rows have the same values in the first `columns` columns of a key; undefined: that is not known. */
  matchesOf(table: Table, index: Index | undefined, columns: number): number | undefined {
    const { matches } = this.#sampleOf(table);
    const keyspace = index?.keyspace ?? table.keyspace;
    const place = `${keyspace} ${columns}`;
    if (!matches.has(place)) {
      const orders: readonly (KeyColumn | KeyOrder)[] = index?.columns ?? table.primaryKey;
      matches.set(place, this.#measure(keyspace, orders.slice(0, columns)));
    }
    return matches.get(place);
  }

  /** Which sampled rows of a table a condition holds for that reads nothing else. */
  passing(source: Source, condition: Bound): readonly boolean[] | undefined {
    const { rows } = this.#sampleOf((source.origin as TableOrigin).table);
    return rows.length === 0 ? undefined : this.#trial.passing(source, rows, condition);
  }

  /** About how many different values an expression over a table's rows has. */
  valuesOf(source: Source, bound: Bound): number | undefined {
    const { table } = source.origin as TableOrigin;
    const { rows, estimate } = this.#sampleOf(table);
    const values = rows.length === 0 ? undefined : this.#trial.values(source, rows, bound);
    if (values === undefined) {
      return undefined;
    }
    const seen = new Map<unknown, number>();
    for (const value of values) {
      seen.set(value, (seen.get(value) ?? 0) + 1);
    }
    const once = [...seen.values()].filter((times) => times === 1).length;
    // Values seen once stand for those not seen: the estimator of Charikar et al. ("Towards estimation error guarantees for
    // distinct values", 2000).
    return Math.max(1, seen.size - once + once * Math.sqrt(estimate / rows.length));
  }

  #measure(keyspace: number, orders: readonly KeyOrder[]): number | undefined {
    const reader = this.#reader();
    const entries = reader.sample(keyspace, SAMPLED_KEYS);
    if (entries.length < SAMPLED_KEYS) {
      return undefined;
    }
    const shares = entries.map(({ key }) => {
      const end = endOfColumns(key, orders);
      return 1 / Math.max(1, reader.countSampled(keyspace, key.slice(0, end), behindColumns(key, end)));
    });
    return entries.length / shares.reduce((sum, share) => sum + share, 0);
  }

  #sampleOf(table: Table): TableSample {
    const reader = this.#reader();
    const estimate = reader.estimate(table.keyspace);
    let sample = samples.get(table);
    if (sample === undefined || estimate > sample.estimate * 2 || estimate < sample.estimate / 2) {
      const rows = estimate < FEWEST_ROWS ? [] : reader.sample(table.keyspace, SAMPLED_ROWS);
      sample = { estimate, rows: rows.filter(({ value }) => value.length <= SAMPLED_BYTES), matches: new Map() };
      samples.set(table, sample);
    }
    return sample;
  }
}
