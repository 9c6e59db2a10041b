import { chmod } from "node:fs/promises";
import { sealedMode } from "./manifest.ts";
import { runInParallel } from "./run-in-parallel.ts";
import { walkTree } from "./walk-tree.ts";

/** Takes everybody's right to write from a tree: files, folders, and the tree itself last. Links are left as they are, and not followed. */
export async function lockTree(tree: string): Promise<void> {
  const open = (await walkTree(tree, undefined)).filter((entry) => (entry.kind === "file" || entry.kind === "folder") && entry.mode !== sealedMode(entry.mode));
  await runInParallel(open, (entry) => chmod(entry.at, sealedMode(entry.mode)));
  await chmod(tree, 0o555);
}
