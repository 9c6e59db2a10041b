import { realpath } from "node:fs/promises";
import { dirname, join, sep } from "node:path";

/** True where the folder of a path really lies inside the tree: no folder on the way is a link that leads out of it. */
export async function isInsideTree(root: string, path: string): Promise<boolean> {
  try {
    const home = await realpath(root);
    const folder = await realpath(dirname(join(root, path)));
    return folder === home || folder.startsWith(home + sep);
  } catch {
    return false;
  }
}
