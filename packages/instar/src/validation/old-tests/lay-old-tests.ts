import { chmod, copyFile, lstat, mkdir, readlink, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeFileDurably } from "../../platform/durable-files.ts";
import { isRealFolder, namesOf } from "./is-real-folder.ts";
import type { OldTestsPlan } from "./plan-old-tests.ts";

/**
 * Puts the running version's tests over a copy of the candidate. The copy is not trusted: where a link of it stands in the way of a folder,
 * the link goes, and nothing is written or removed behind it.
 *
 * @param tree absolute: the copy, which may be thrown away
 * @param running absolute: only read
 */
export async function layOldTests(
  plan: Extract<OldTestsPlan, { kind: "lay" }>,
  { tree, running }: { readonly tree: string; readonly running: string },
): Promise<void> {
  for (const path of plan.removed) if (await isRealFolder(tree, dirname(path))) await rm(join(tree, path), { recursive: true, force: true });
  for (const path of plan.copied) {
    await makeRealFolders(tree, dirname(path));
    await copyEntry(join(running, path), join(tree, path));
  }
  if (plan.manifest !== null) await writeFileDurably(join(tree, "package.json"), plan.manifest, 0o644);
}

async function copyEntry(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  const found = await lstat(from);
  if (found.isSymbolicLink()) return symlink(await readlink(from), to);
  await copyFile(from, to);
  await chmod(to, (found.mode & 0o777) | 0o600);
}

async function makeRealFolders(tree: string, folder: string): Promise<void> {
  let way = "";
  for (const name of namesOf(folder)) {
    way = join(way, name);
    if (await isRealFolder(tree, way)) continue;
    await rm(join(tree, way), { force: true });
    await mkdir(join(tree, way));
  }
}
