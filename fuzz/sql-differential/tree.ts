/**
 * SQL as a tree, so that what was made at random can be made smaller.
 *
 *   expression   may be replaced by an expression inside it, or by a literal
 *   query        by a query inside it
 *   from         by a part of it
 *   optional     by nothing
 *   list         may lose items
 *   fixed        stays, but for what is inside
 */

export type Sort = "expression" | "query" | "from" | "optional" | "list" | "fixed";

export interface Branch {
  readonly sort: Sort;
  readonly parts: readonly Tree[];
}

export type Tree = string | Branch;

/** A tagged template: the parts are what stands between the words. */
export function tree(sort: Sort): (words: TemplateStringsArray, ...parts: readonly Tree[]) => Branch {
  return (words, ...parts) => ({
    sort,
    parts: words.flatMap((word, index) => (index < parts.length ? [word, parts[index]!] : [word])),
  });
}

export const expression: ReturnType<typeof tree> = tree("expression");
export const fixed: ReturnType<typeof tree> = tree("fixed");
export const optional: ReturnType<typeof tree> = tree("optional");
export const query: ReturnType<typeof tree> = tree("query");

export function list(items: readonly Tree[]): Branch {
  return { sort: "list", parts: items };
}

export function textOf(node: Tree): string {
  return typeof node === "string" ? node : node.parts.map(textOf).join(node.sort === "list" ? ", " : "");
}

/** The same tree, smaller in one place: what takes away most comes first. */
export function* reductions(node: Tree): Generator<Tree, void, undefined> {
  if (typeof node === "string") {
    return;
  }
  yield* replacements(node);
  for (const [index, part] of node.parts.entries()) {
    for (const smaller of reductions(part)) {
      yield { ...node, parts: node.parts.with(index, smaller) };
    }
  }
}

function* replacements(node: Branch): Generator<Tree, void, undefined> {
  switch (node.sort) {
    case "optional":
      if (node.parts.length > 0) {
        yield { sort: "optional", parts: [] };
      }
      break;
    case "list":
      for (let size = node.parts.length >> 1; size > 0; size >>= 1) {
        for (let from = 0; from < node.parts.length && size < node.parts.length; from += size) {
          yield { ...node, parts: node.parts.toSpliced(from, size) };
        }
      }
      break;
    case "expression":
      if (node.parts.some((part) => typeof part !== "string") || textOf(node).length > 5) {
        yield* nearest(node, "expression");
        yield* LITERALS;
      }
      break;
    case "query":
    case "from":
      yield* nearest(node, node.sort);
      break;
    default:
  }
}

const LITERALS: readonly Branch[] = ["NULL", "0", "1", "'a'"].map((text) => ({ sort: "expression", parts: [text] }));

/** The highest nodes of a sort below a node. */
function* nearest(node: Branch, sort: Sort): Generator<Branch, void, undefined> {
  for (const part of node.parts) {
    if (typeof part === "string") {
      continue;
    }
    if (part.sort === sort) {
      yield part;
    } else {
      yield* nearest(part, sort);
    }
  }
}
