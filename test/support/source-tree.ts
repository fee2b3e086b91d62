/** The checkout that the compiled tests belong to, and the text files in it. */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const NOT_SOURCE = new Set(["node_modules", "dist", "coverage", "fixtures", ".git", ".tmp", "package-lock.json"]);

/** The folder that holds biome.jsonc, above the compiled test. */
export function checkoutRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, "biome.jsonc"))) {
    const parent = dirname(directory);
    if (parent === directory) {
      throw new Error("no checkout above the compiled tests; build into dist/ (npm run build)");
    }
    directory = parent;
  }
  return directory;
}

/** Paths from `root`, with forward slashes, of the files below `folder` that people write. */
export function sourceFiles(root: string, folder = ""): string[] {
  const found: string[] = [];
  if (!existsSync(join(root, folder))) {
    return found;
  }
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (NOT_SOURCE.has(entry.name) || entry.name.endsWith(".nacre")) {
      continue;
    }
    if (entry.isDirectory()) {
      found.push(...sourceFiles(root, path));
    } else if (entry.isFile()) {
      found.push(path);
    }
  }
  return found;
}
