import { isUtf8 } from "node:buffer";
import type { BigIntStats } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";

/** One thing in a tree on disk. */
export interface FoundEntry {
  /** With `/`, relative to the tree. */
  readonly path: string;
  /** Where it really lies: inside the tree, or for `shared` ones in the dependencies' folder. */
  readonly at: string;
  /** `other`: what no release can hold, such as sockets, devices and names that are not UTF-8. */
  readonly kind: "file" | "folder" | "link" | "other";
  /** The permission bits, set-id bits left out. */
  readonly mode: number;
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly inode: bigint;
  readonly names: number;
  /** Of a link. One into the dependencies' folder is written `dependencies:<rest>`, so that it reads the same on every machine. */
  readonly target?: string;
  /** Reached through a link into the dependencies' folder: part of what runs, but other releases use it too. */
  readonly isShared: boolean;
}

/**
 * Everything in a tree, sorted by the bytes of its paths, and behind each link into `dependenciesFolder` what lies there, under
 * the link's own path. No other link is followed. Throws what the file system says.
 */
export async function walkTree(tree: string, dependenciesFolder: string | undefined): Promise<readonly FoundEntry[]> {
  const found: FoundEntry[] = [];
  await walkFolder({ path: "", at: tree, dependenciesFolder, isShared: false }, found);
  return found
    .map((entry) => ({ entry, key: Buffer.from(entry.path) }))
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ entry }) => entry);
}

interface Place {
  readonly path: string;
  readonly at: string;
  readonly dependenciesFolder: string | undefined;
  readonly isShared: boolean;
}

async function walkFolder(place: Place, found: FoundEntry[]): Promise<void> {
  for (const bytes of await readdir(place.at, { encoding: "buffer" })) {
    const name = bytes.toString(isUtf8(bytes) ? "utf8" : "latin1");
    const inside = { ...place, at: join(place.at, name), path: place.path === "" ? name : `${place.path}/${name}` };
    if (isUtf8(bytes)) await walkEntry(inside, await lstat(inside.at, { bigint: true }), found);
    else found.push({ ...inside, kind: "other", mode: 0, sizeBytes: 0, mtimeNs: 0n, inode: 0n, names: 1 });
  }
}

async function walkEntry(place: Place, stats: BigIntStats, found: FoundEntry[]): Promise<void> {
  const entry = { path: place.path, at: place.at, isShared: place.isShared, mtimeNs: stats.mtimeNs, inode: stats.ino, names: Number(stats.nlink) };
  const mode = Number(stats.mode & 0o777n);
  if (stats.isFile()) found.push({ ...entry, kind: "file", mode, sizeBytes: Number(stats.size) });
  else if (stats.isDirectory()) {
    found.push({ ...entry, kind: "folder", mode, sizeBytes: 0 });
    await walkFolder(place, found);
  } else if (stats.isSymbolicLink()) {
    const written = await readlink(place.at);
    const shared = place.isShared ? undefined : sharedTargetOf(place, written);
    found.push({ ...entry, kind: "link", mode: 0, sizeBytes: 0, target: shared === undefined ? written : `dependencies:${shared.rest}` });
    if (shared !== undefined) await walkShared(place, shared.at, found);
  } else found.push({ ...entry, kind: "other", mode, sizeBytes: 0 });
}

/** Where a link leads into the dependencies' folder: the place, and the rest of its path. */
function sharedTargetOf(place: Place, written: string): { readonly at: string; readonly rest: string } | undefined {
  if (place.dependenciesFolder === undefined) return undefined;
  const at = resolve(join(place.at, ".."), written);
  const rest = relative(place.dependenciesFolder, at);
  return rest === "" || rest.startsWith("..") || isAbsolute(rest) ? undefined : { at, rest: rest.split(sep).join("/") };
}

async function walkShared(place: Place, at: string, found: FoundEntry[]): Promise<void> {
  const stats = await lstat(at, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined; // what is gone is told by its absence: the manifest names it
    throw error;
  });
  if (stats === undefined) return;
  if (stats.isDirectory()) await walkFolder({ ...place, at, isShared: true }, found);
  else await walkEntry({ ...place, at, path: `${place.path}/.`, isShared: true }, stats, found);
}
