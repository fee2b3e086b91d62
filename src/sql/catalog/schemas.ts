/**
 * The schemas of a session: main, temp, and those of attached databases. A name without a schema is looked for in temp, then in main,
 * then in the others in the order in which they were attached.
 */
import { TEMP } from "../databases/keyspace-number.ts";
import { Catalog } from "./catalog.ts";
import type { NumberedEntry } from "./entry.ts";
import { foldName } from "./name.ts";
import type { Index, ListedDatabase, Owner, Reference, Schema, Table, Trigger, View, VirtualTable } from "./schema.ts";

const NO_TEMP = Catalog.empty("temp", TEMP);

export class Schemas implements Schema {
  readonly version: number;
  /** By the numbers of their databases; undefined: there is none of that number. */
  readonly parts: readonly (Catalog | undefined)[];
  readonly databases: readonly ListedDatabase[];
  /** In the order in which names are looked for. */
  readonly #order: readonly Catalog[];

  /** The first is main, the second temp, if there is one. */
  constructor(version: number, parts: readonly (Catalog | undefined)[], databases: readonly ListedDatabase[]) {
    const [main, temp, ...attached] = parts;
    this.version = version;
    this.parts = parts;
    this.databases = databases;
    this.#order = [temp, main, ...attached].filter((part) => part !== undefined);
  }

  get names(): readonly string[] {
    return this.parts.filter((part) => part !== undefined).map(({ name }) => name);
  }

  get main(): Catalog {
    return this.parts[0]!;
  }

  get temp(): Catalog {
    return this.parts[TEMP] ?? NO_TEMP;
  }

  /** Undefined: there is no schema of this name. */
  part(schema: string): Catalog | undefined {
    const folded = foldName(schema);
    return folded === "temp" ? this.temp : this.#order.find(({ name }) => name === folded);
  }

  /** The schema in which a table or view of the name is; undefined: there is none. */
  partWith(schema: string | undefined, name: string): Catalog | undefined {
    if (schema === undefined) {
      return this.#order.find((part) => part.has(name));
    }
    const part = this.part(schema);
    return part?.has(name) === true ? part : undefined;
  }

  /** The schema that something is in. */
  partOf(found: { readonly schema: string } | undefined): Catalog | undefined {
    return found === undefined ? undefined : this.part(found.schema);
  }

  /** The same schemas, but for one that has changed. */
  with(changed: Catalog): Schemas {
    const parts = [...this.parts];
    parts[changed.database] = changed;
    return new Schemas(changed.version, parts, this.databases);
  }

  entriesOf(schema: string): readonly NumberedEntry[] {
    return this.part(schema)?.entries ?? [];
  }

  table(schema: string | undefined, name: string): Table | undefined {
    return this.partWith(schema, name)?.table(undefined, name);
  }

  view(schema: string | undefined, name: string): View | undefined {
    return this.partWith(schema, name)?.view(undefined, name);
  }

  virtualTable(schema: string | undefined, name: string): VirtualTable | undefined {
    return this.partWith(schema, name)?.virtualTable(undefined, name);
  }

  /** The index of this name with its table. */
  index(schema: string | undefined, name: string): { readonly index: Index; readonly table: Table } | undefined {
    return this.#first(schema, (part) => part.index(undefined, name));
  }

  trigger(schema: string | undefined, name: string): Trigger | undefined {
    return this.#first(schema, (part) => part.trigger(undefined, name));
  }

  tables(): readonly Table[] {
    return this.parts.flatMap((part) => part?.tables() ?? []);
  }

  views(): readonly View[] {
    return this.parts.flatMap((part) => part?.views() ?? []);
  }

  /** Temporary triggers of what is not temporary come first, the one made first before the others. */
  triggersOf(owner: Owner): readonly Trigger[] {
    const own = this.part(owner.schema)?.triggersOf(owner) ?? [];
    return owner.schema === "temp" ? own : [...[...this.temp.triggersOf(owner)].reverse(), ...own];
  }

  references(table: Owner): readonly Reference[] {
    return this.part(table.schema)?.references(table) ?? [];
  }

  #first<Found>(schema: string | undefined, find: (part: Catalog) => Found | undefined): Found | undefined {
    for (const part of schema === undefined ? this.#order : [this.part(schema)]) {
      const found = part === undefined ? undefined : find(part);
      if (found !== undefined) {
        return found;
      }
    }
    return undefined;
  }
}
