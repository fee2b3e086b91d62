/** A page file that a crash left behind the last one, up to 1 GiB, stayed until the database had grown that far again. */
import { expect, it } from "vitest";
import { MemoryDisk, PAGE_SIZE, PageFile } from "../../src/pager/index.ts";

it("an opening writer removes the page files behind the last one", () => {
  const disk = new MemoryDisk();
  for (const [name, pages] of [
    ["pages.000", 4],
    ["pages.001", 8],
    ["pages.002", 1],
  ] as const) {
    const file = disk.open(name, "create");
    file.write(new Uint8Array(pages * PAGE_SIZE), 0, pages * PAGE_SIZE, 0);
    file.close();
  }
  const options = { backend: "pread", cacheBytes: 1 << 20, readOnly: false, fileBytes: 8 * PAGE_SIZE } as const;
  const pages = PageFile.open(disk, options);
  pages.takeOver(3);
  expect(disk.list()).toEqual(["pages.000"]);
  expect(pages.pageCount).toBe(3);
});
