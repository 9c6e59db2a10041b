import { lstat } from "node:fs/promises";
import { join } from "node:path";

/** Whether a folder of a tree is there and no link stands on the way to it. */
export async function isRealFolder(tree: string, folder: string): Promise<boolean> {
  let place = tree;
  for (const name of namesOf(folder)) {
    place = join(place, name);
    const found = await lstat(place).catch(() => undefined);
    if (!found?.isDirectory()) return false;
  }
  return true;
}

/** The folders on the way, outermost first. */
export function namesOf(folder: string): string[] {
  return folder.split("/").filter((name) => name !== "" && name !== ".");
}
