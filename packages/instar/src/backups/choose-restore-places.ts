import { mkdir, readdir, rename, rmdir, stat, utimes } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { makePrivateFolder, removeTree } from "../platform/durable-files.ts";
import type { RestoreMarker } from "./restore-marker.ts";

export type RestorePlaces = Pick<RestoreMarker, "layout" | "builtAt" | "asideAt">;

/**
 * Where the restored tree is built and where the present state goes, found out by renaming an empty folder: neither
 * permissions nor device numbers tell whether a rename will work (a bind mount has its parent's device and refuses). Leaves
 * nothing. A crash leaves an empty folder with one of our names, which the next call takes away.
 */
export async function chooseRestorePlaces(options: { stateFolder: string; hasState: boolean; asideFolder: string; key: string }): Promise<RestorePlaces> {
  const { stateFolder, key } = options;
  const name = `.instar-restore-${basename(stateFolder)}-${key}`;
  const beside = join(dirname(stateFolder), name);
  const inside = join(stateFolder, name);
  if (!options.hasState) return { layout: "whole", builtAt: beside };
  const { atimeMs, mtimeMs } = await stat(stateFolder);
  const isWhole = await canRename(beside, inside);
  const builtAt = isWhole ? beside : inside;
  const aside = `${basename(stateFolder)}-${key}`;
  await makePrivateFolder(options.asideFolder);
  const asideAt = (await canRename(builtAt, join(options.asideFolder, `.instar-restore-${key}`)))
    ? join(options.asideFolder, aside)
    : join(isWhole ? dirname(stateFolder) : stateFolder, `.instar-aside-${aside}`);
  // What is kept aside is kept as it was. Only the owner may set times, and it matters too little to fail.
  await utimes(stateFolder, atimeMs / 1_000, mtimeMs / 1_000).catch(() => {});
  return { layout: isWhole ? "whole" : "entries", builtAt, asideAt };
}

/** Trees that an earlier restore of this state was building when it was killed, or that nobody asked for again. */
export async function removeLeftovers(stateFolder: string): Promise<void> {
  const prefix = `.instar-restore-${basename(stateFolder)}-`;
  for (const folder of [dirname(stateFolder), stateFolder])
    for (const name of await readdir(folder).catch(() => []))
      if (name.startsWith(prefix) && /^[0-9a-f]{16}$/.test(name.slice(prefix.length))) await removeTree(join(folder, name));
}

async function canRename(from: string, to: string): Promise<boolean> {
  try {
    await mkdir(from, { mode: 0o700 });
  } catch {
    return false;
  }
  try {
    await rename(from, to);
    await rmdir(to);
    return true;
  } catch {
    await rmdir(from).catch(() => {});
    return false;
  }
}
