/**
 * Rows of TPC-H by the rules of its specification (version 3, clause 4.2): sizes, value lists, ranges and the relations between
 * columns that queries look for. Texts that no query looks into are shorter, and the random numbers are other ones than dbgen's.
 */
import { drawing } from "../../kv/dataset.ts";

type Row = readonly unknown[];

const REGIONS = ["AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"];
const NATIONS: readonly (readonly [name: string, region: number])[] = [
  ["ALGERIA", 0],
  ["ARGENTINA", 1],
  ["BRAZIL", 1],
  ["CANADA", 1],
  ["EGYPT", 4],
  ["ETHIOPIA", 0],
  ["FRANCE", 3],
  ["GERMANY", 3],
  ["INDIA", 2],
  ["INDONESIA", 2],
  ["IRAN", 4],
  ["IRAQ", 4],
  ["JAPAN", 2],
  ["JORDAN", 4],
  ["KENYA", 0],
  ["MOROCCO", 0],
  ["MOZAMBIQUE", 0],
  ["PERU", 1],
  ["CHINA", 2],
  ["ROMANIA", 3],
  ["SAUDI ARABIA", 4],
  ["VIETNAM", 2],
  ["RUSSIA", 3],
  ["UNITED KINGDOM", 3],
  ["UNITED STATES", 1],
];
const COLOURS =
  "almond antique aquamarine azure beige bisque black blanched blue blush brown burlywood burnished chartreuse chiffon chocolate coral cornflower cornsilk cream cyan dark deep dim dodger drab firebrick floral forest frosted gainsboro ghost goldenrod green grey honeydew hot indian ivory khaki lace lavender lawn lemon light lime linen magenta maroon medium metallic midnight mint misty moccasin navajo navy olive orange orchid pale papaya peach peru pink plum powder puff purple red rose rosy royal saddle salmon sandy seashell sienna sky slate smoke snow spring steel tan thistle tomato turquoise violet wheat white yellow".split(
    " ",
  );
const TYPES = [
  ["STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"],
  ["ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED"],
  ["TIN", "NICKEL", "BRASS", "STEEL", "COPPER"],
] as const;
const CONTAINERS = [
  ["SM", "LG", "MED", "JUMBO", "WRAP"],
  ["CASE", "BOX", "BAG", "JAR", "PKG", "PACK", "CAN", "DRUM"],
] as const;
const SEGMENTS = ["AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"];
const PRIORITIES = ["1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"];
const INSTRUCTIONS = ["DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"];
const MODES = ["REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"];
const NOUNS = [
  "packages",
  "requests",
  "accounts",
  "deposits",
  "foxes",
  "ideas",
  "theodolites",
  "instructions",
  "pinto beans",
];
const ADJECTIVES = [
  "special",
  "pending",
  "unusual",
  "express",
  "furious",
  "sly",
  "careful",
  "blithe",
  "quick",
  "final",
];

const FIRST_DAY = Date.UTC(1992, 0, 1);
const DAY_MS = 86_400_000;
/** From 1992-01-01 to 1998-12-31, less 151 days. */
const ORDER_DAYS = 2557 - 151;
/** 1995-06-17: what was received by then may have been returned. */
const CURRENT_DAY = Math.round((Date.UTC(1995, 5, 17) - FIRST_DAY) / DAY_MS);

const dates = Array.from({ length: 2800 }, (_, day) => new Date(FIRST_DAY + day * DAY_MS).toISOString().slice(0, 10));

export interface Sizes {
  readonly suppliers: number;
  readonly parts: number;
  readonly customers: number;
  readonly orders: number;
}

export function sizesOf(scale: number): Sizes {
  const of = (rows: number): number => Math.max(10, Math.round(rows * scale));
  return { suppliers: of(10_000), parts: of(200_000), customers: of(150_000), orders: of(1_500_000) };
}

/** Draws everything, the same for the same seed. */
class Chance {
  readonly #draw: () => number;

  constructor(seed: number) {
    this.#draw = drawing(2 ** 31, seed);
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + (this.#draw() % (high - low + 1));
  }

  of<T>(list: readonly T[]): T {
    return list[this.#draw() % list.length]!;
  }

  cents(low: number, high: number): number {
    return this.between(low, high) / 100;
  }

  phone(nation: number): string {
    return `${nation + 10}-${this.between(100, 999)}-${this.between(100, 999)}-${this.between(1000, 9999)}`;
  }

  words(): string {
    return `${this.of(ADJECTIVES)} ${this.of(NOUNS)} ${this.of(ADJECTIVES)} ${this.of(NOUNS)}`;
  }
}

export function regionRows(): Row[] {
  return REGIONS.map((name, key) => [key, name, "of the world"]);
}

export function nationRows(): Row[] {
  return NATIONS.map(([name, region], key) => [key, name, region, "of a region"]);
}

export function* supplierRows({ suppliers }: Sizes): Generator<Row> {
  const chance = new Chance(1);
  for (let key = 1; key <= suppliers; key++) {
    const nation = chance.between(0, 24);
    // Five of ten thousand have had complaints, and as many recommendations.
    const lot = chance.between(0, 1999);
    const comment =
      lot === 0 ? "slow Customer and Complaints" : lot === 1 ? "quick Customer and Recommends" : chance.words();
    const name = `Supplier#${String(key).padStart(9, "0")}`;
    yield [key, name, `street ${key}`, nation, chance.phone(nation), chance.cents(-99_999, 999_999), comment];
  }
}

export function retailPrice(part: number): number {
  return (90_000 + (Math.floor(part / 10) % 20_001) + 100 * (part % 1000)) / 100;
}

export function* partRows({ parts }: Sizes): Generator<Row> {
  const chance = new Chance(2);
  for (let key = 1; key <= parts; key++) {
    const name = Array.from({ length: 5 }, () => chance.of(COLOURS)).join(" ");
    const maker = chance.between(1, 5);
    yield [
      key,
      name,
      `Manufacturer#${maker}`,
      `Brand#${maker}${chance.between(1, 5)}`,
      TYPES.map((syllables) => chance.of<string>(syllables)).join(" "),
      chance.between(1, 50),
      CONTAINERS.map((syllables) => chance.of<string>(syllables)).join(" "),
      retailPrice(key),
      chance.words(),
    ];
  }
}

/** The suppliers of a part, of which lineitem takes one, too. */
function supplierOf(part: number, place: number, suppliers: number): number {
  return ((part + place * (Math.floor(suppliers / 4) + Math.floor((part - 1) / suppliers))) % suppliers) + 1;
}

export function* partSupplierRows({ parts, suppliers }: Sizes): Generator<Row> {
  const chance = new Chance(3);
  for (let part = 1; part <= parts; part++) {
    const taken = new Set<number>();
    for (let place = 0; place < 4; place++) {
      const supplier = supplierOf(part, place, suppliers);
      if (!taken.has(supplier)) {
        taken.add(supplier);
        yield [part, supplier, chance.between(1, 9999), chance.cents(100, 100_000), chance.words()];
      }
    }
  }
}

export function* customerRows({ customers }: Sizes): Generator<Row> {
  const chance = new Chance(4);
  for (let key = 1; key <= customers; key++) {
    const nation = chance.between(0, 24);
    yield [
      key,
      `Customer#${String(key).padStart(9, "0")}`,
      `street ${key}`,
      nation,
      chance.phone(nation),
      chance.cents(-99_999, 999_999),
      chance.of(SEGMENTS),
      chance.words(),
    ];
  }
}

export interface OrderRows {
  readonly order: Row;
  readonly lines: readonly Row[];
}

export function* orderRows({ orders, customers, parts, suppliers }: Sizes): Generator<OrderRows> {
  const chance = new Chance(5);
  for (let number = 0; number < orders; number++) {
    // Eight keys of thirty-two are used; a third of the customers has no orders.
    const key = Math.floor(number / 8) * 32 + (number % 8) + 1;
    const drawn = chance.between(1, customers);
    const customer = drawn % 3 === 0 ? Math.max(1, drawn - 1) : drawn;
    const day = chance.between(0, ORDER_DAYS - 1);
    const lines = Array.from({ length: chance.between(1, 7) }, (_, line) =>
      lineOf(chance, key, line + 1, day, parts, suppliers),
    );
    const open = lines.filter(({ isOpen }) => isOpen).length;
    const status = open === lines.length ? "O" : open === 0 ? "F" : "P";
    const total = lines.reduce((sum, { charge }) => sum + charge, 0);
    yield {
      order: [
        key,
        customer,
        status,
        Math.round(total * 100) / 100,
        dates[day],
        chance.of(PRIORITIES),
        `Clerk#${String(chance.between(1, 1000)).padStart(9, "0")}`,
        0,
        chance.words(),
      ],
      lines: lines.map(({ row }) => row),
    };
  }
}

function lineOf(
  chance: Chance,
  order: number,
  line: number,
  orderDay: number,
  parts: number,
  suppliers: number,
): { readonly row: Row; readonly isOpen: boolean; readonly charge: number } {
  const part = chance.between(1, parts);
  const quantity = chance.between(1, 50);
  const price = Math.round(quantity * retailPrice(part) * 100) / 100;
  const discount = chance.between(0, 10) / 100;
  const tax = chance.between(0, 8) / 100;
  const shipped = orderDay + chance.between(1, 121);
  const committed = orderDay + chance.between(30, 90);
  const received = shipped + chance.between(1, 30);
  const isOpen = shipped > CURRENT_DAY;
  const flag = received <= CURRENT_DAY ? chance.of(["R", "A"]) : "N";
  const row = [
    order,
    part,
    supplierOf(part, chance.between(0, 3), suppliers),
    line,
    quantity,
    price,
    discount,
    tax,
    flag,
    isOpen ? "O" : "F",
    dates[shipped],
    dates[committed],
    dates[received],
    chance.of(INSTRUCTIONS),
    chance.of(MODES),
    chance.words(),
  ];
  return { row, isOpen, charge: price * (1 + tax) * (1 - discount) };
}
