import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { joinRaw, locate, type RawPath } from "./raw-path.ts";
import { createTurns } from "./take-turns.ts";

/** How a file looks from outside. One that was written in any way looks different, unless both times fall into one tick of the file system's clock. */
export interface Look {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

export interface FoundEntry extends Look {
  readonly path: RawPath;
  /** special: a socket, pipe or device, which has no contents to keep. */
  readonly kind: "file" | "folder" | "link" | "special";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Fewer bytes on the disk than its size says. */
  readonly isSparse: boolean;
  readonly linkCount: number;
  /** Where a link points, as bytes. */
  readonly target?: RawPath;
}

export interface WalkOptions {
  readonly signal?: AbortSignal | undefined;
  /** Names directly below the root that are passed over. */
  readonly leaveOut?: RegExp | undefined;
}

/**
 * Everything below a folder, the folder itself first, sorted by bytes, so that folders come before what is in them. What vanishes during
 * the walk is left out. A root that is a file is its only entry.
 */
export async function walkTree(root: string, options: WalkOptions = {}): Promise<FoundEntry[]> {
  const turns = createTurns(options.signal);
  const found: FoundEntry[] = [];
  const open: RawPath[] = [""];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    await turns.take();
    const entry = readEntry(root, path);
    if (entry === undefined) continue;
    found.push(entry);
    if (entry.kind !== "folder") continue;
    for (const name of unlessGone(() => readdirSync(locate(root, entry.path), "buffer")) ?? []) {
      const raw = name.toString("latin1");
      if (entry.path !== "" || options.leaveOut?.test(raw) !== true) open.push(joinRaw(entry.path, raw));
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** One entry, never following a link; undefined when it is not there. */
export function readEntry(root: string, path: RawPath): FoundEntry | undefined {
  const at = locate(root, path);
  const stats = unlessGone(() => lstatSync(at, { bigint: true }));
  if (stats === undefined) return undefined;
  if (!stats.isSymbolicLink()) return entryOf(path, stats);
  const target = unlessGone(() => readlinkSync(at, "buffer").toString("latin1"));
  return target === undefined ? undefined : { ...entryOf(path, stats), target };
}

export function entryOf(path: RawPath, stats: BigIntStats): FoundEntry {
  return {
    path,
    kind: kindOf(stats),
    mode: Number(stats.mode) & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    isSparse: stats.blocks * 512n < stats.size,
    linkCount: Number(stats.nlink),
    ...lookOf(stats),
  };
}

export function lookOf(stats: BigIntStats): Look {
  return { dev: stats.dev, ino: stats.ino, size: Number(stats.size), mtimeNs: stats.mtimeNs, ctimeNs: stats.ctimeNs };
}

export function looksAlike(a: Look, b: Look): boolean {
  return a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.dev === b.dev;
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
