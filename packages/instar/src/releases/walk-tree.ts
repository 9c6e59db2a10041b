import { isUtf8 } from "node:buffer";
import type { BigIntStats } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { InstarError } from "@instar/protocol";

/** One thing in a tree on disk. */
export interface FoundEntry {
  /** With `/`, relative to the tree. */
  readonly path: string;
  /** Where it really lies: inside the tree, or for `shared` ones in the dependencies' folder. */
  readonly at: string;
  readonly kind: "file" | "folder" | "link";
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
 * the link's own path. No other link is followed.
 *
 * @throws InstarError BUILD_FAILED for what a release cannot hold (sockets, devices, names that are not UTF-8)
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
    const name = nameOf(bytes, place.path);
    const at = join(place.at, name);
    await walkEntry({ ...place, at, path: place.path === "" ? name : `${place.path}/${name}` }, await lstat(at, { bigint: true }), found);
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
  } else throw new InstarError("BUILD_FAILED", `${JSON.stringify(place.path)} is neither file, folder nor link; a release cannot hold it`);
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

function nameOf(bytes: Buffer, folder: string): string {
  if (isUtf8(bytes)) return bytes.toString("utf8");
  throw new InstarError("BUILD_FAILED", `${JSON.stringify(folder)} holds a name that is not UTF-8: ${JSON.stringify(bytes.toString("latin1"))}`);
}
