import { realpath, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/**
 * Removes a file of a tree that is not trusted: what a link of it leads to outside stays. A file that is not there is fine.
 *
 * @returns whether nothing is left there that could be taken for something new
 */
export async function removeInside(tree: string, path: string): Promise<boolean> {
  const place = join(tree, path);
  const [folder, top] = await Promise.all([realpath(dirname(place)).catch(() => undefined), realpath(tree)]);
  if (folder === undefined) return true;
  if (folder !== top && !folder.startsWith(`${top}/`)) return false;
  return rm(place, { recursive: true, force: true }).then(
    () => true,
    () => false,
  );
}
