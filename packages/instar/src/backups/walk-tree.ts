import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { joinRaw, locate, type RawPath } from "./raw-path.ts";
import { createTurns } from "./take-turns.ts";

export interface FoundEntry {
  readonly path: RawPath;
  /** special: a socket, pipe or device, which has no contents to keep. */
  readonly kind: "file" | "folder" | "link" | "special";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  /** Device, inode, size and both times: a file that was written in any way has another one. */
  readonly seen: string;
  /** The same for all names of one file. */
  readonly inode: string;
  readonly linkCount: number;
  /** Where a link points, as bytes. */
  readonly target?: RawPath;
}

/** What Instar itself puts into a state folder that cannot be renamed, while it restores and for keeping aside. */
export const OWN_NAMES = /^\.instar-(restore|aside)-/;

/**
 * Everything below a folder, the folder itself first, sorted by bytes, so that folders come before what is in them. What vanishes during
 * the walk is left out, and so are Instar's own folders directly below the root.
 */
export async function walkTree(root: string, signal?: AbortSignal): Promise<FoundEntry[]> {
  const turns = createTurns(signal);
  const found: FoundEntry[] = [];
  const open: RawPath[] = [""];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    await turns.take();
    const entry = readEntry(root, path);
    if (entry === undefined) continue;
    found.push(entry);
    if (entry.kind !== "folder") continue;
    for (const name of unlessGone(() => readdirSync(locate(root, entry.path), "buffer")) ?? [])
      if (entry.path !== "" || !OWN_NAMES.test(name.toString("latin1"))) open.push(joinRaw(entry.path, name.toString("latin1")));
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** One entry, never following a link; undefined when it is not there. */
export function readEntry(root: string, path: RawPath): FoundEntry | undefined {
  const at = locate(root, path);
  const stats = unlessGone(() => lstatSync(at, { bigint: true }));
  if (stats === undefined) return undefined;
  const kind = kindOf(stats);
  const target = kind === "link" ? unlessGone(() => readlinkSync(at, "buffer").toString("latin1")) : undefined;
  if (kind === "link" && target === undefined) return undefined;
  return {
    path,
    kind,
    mode: Number(stats.mode) & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: Number(stats.size),
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    seen: renderSeen(stats),
    inode: `${stats.dev}:${stats.ino}`,
    linkCount: Number(stats.nlink),
    ...(target === undefined ? {} : { target }),
  };
}

export function renderSeen(stats: BigIntStats): string {
  return [stats.dev, stats.ino, stats.size, stats.mtimeNs, stats.ctimeNs].join(":");
}

function kindOf(stats: BigIntStats): FoundEntry["kind"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "link" : "special";
}

function unlessGone<Result>(read: () => Result): Result | undefined {
  try {
    return read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // ENOTDIR, EINVAL: it has become something else since it was listed.
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EINVAL") return undefined;
    throw error;
  }
}
