import { isTestPath } from "../../touches/is-test-path.ts";
import { folderOf } from "../resolve-alias.ts";
import type { TreePaths } from "../tree-paths.ts";

/** pytest runs the `conftest.py` of every folder above a test before it, although nobody imports them. */
export function findConftests({ locate }: TreePaths, path: string): number[] {
  if (!path.endsWith(".py") || !isTestPath(path)) return [];
  const found: number[] = [];
  for (let folder = folderOf(path); ; folder = folderOf(folder)) {
    const place = locate(folder === "" ? "conftest.py" : `${folder}/conftest.py`);
    if (place !== undefined) found.push(place.id, ...place.links);
    if (folder === "") return found;
  }
}
