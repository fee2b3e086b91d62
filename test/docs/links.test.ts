/** Links between the documents of the repository lead somewhere: to a file or folder, and to a heading in it. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { checkoutRoot, sourceFiles } from "../support/source-tree.ts";

const root = checkoutRoot();
const documents = sourceFiles(root).filter((path) => path.endsWith(".md"));

/** As GitHub makes them of headings. */
function anchors(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function isBroken(document: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? document : join(dirname(document), path);
  if (!existsSync(join(root, target))) {
    return true;
  }
  return anchor !== undefined && !anchors(readFileSync(join(root, target), "utf8")).includes(anchor);
}

test.each(documents)("%s", (document) => {
  const prose = readFileSync(join(root, document), "utf8").replace(/^```[\s\S]*?^```$/gm, "");
  const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
  expect(links.filter((link) => !/^[a-z]+:/.test(link) && isBroken(document, link))).toEqual([]);
});
