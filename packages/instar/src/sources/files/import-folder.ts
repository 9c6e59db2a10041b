import { realpath } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import { type Clock, systemClock } from "../../platform/clock.ts";
import { explainFileError } from "../../platform/durable-files.ts";
import { listTreeEdits } from "../edit-tree.ts";
import type { GitMirror } from "../git-mirror.ts";
import { pinMade, writeCommit } from "../write-commit.ts";
import type { IsIgnored } from "./path-rules.ts";
import { type FolderEntry, type FolderLimits, readFolder } from "./read-folder.ts";
import { writeBlobs } from "./write-blobs.ts";

/** What was read before, by path, so that it need not be read again. Belongs to one folder and one mirror; lives in memory. */
export type KnownFiles = Map<string, { readonly stamp: string; readonly object: string }>;

export interface FolderImport {
  /** Absolute; may itself be reached through links. */
  readonly folder: string;
  readonly isIgnored: IsIgnored;
  readonly message: string;
  /** What it is compared with, and the new commit's only parent; null for a first one. */
  readonly parent: string | null;
  /** Said to be the commit's time, so that the same content on the same parent is the same commit. */
  readonly atSeconds: number;
  /** Default: every file is read. */
  readonly known?: KnownFiles;
  readonly limits?: FolderLimits;
  readonly clock?: Pick<Clock, "wallMs">;
}

export interface ImportedFolder {
  readonly commit: string;
  readonly tree: string;
  /** Paths in which the commit is not as its parent; empty where it is the parent itself. */
  readonly changed: readonly string[];
}

/**
 * Makes a commit in the mirror of what lies in a folder, and pins it: the bytes as they are, modes 644 and 755, links as links. Nothing that the
 * folder says (attributes, filters, ignore files, a repository's configuration) is obeyed. What was read is one moment's: the folder is listed again
 * afterwards, and where anything differs all is done again. One call at a time in a mirror.
 *
 * @throws InstarError DETECTION_FAILED (gone; unreadable files, by name; over a limit; transient: never the same twice), SOURCE_EMPTY,
 *   PACKAGE_REFUSED (a name that no release may hold), INPUT_INVALID, DISK_FULL, TIMED_OUT, PLATFORM_FAILED
 */
export async function importFolder(mirror: GitMirror, what: FolderImport, signal?: AbortSignal): Promise<ImportedFolder> {
  if (what.parent !== null && !/^[0-9a-f]{40}$/.test(what.parent))
    throw new InstarError("INPUT_INVALID", `${JSON.stringify(what.parent)} is not a commit's name`);
  const tree = await writeFolder(mirror, what, signal);
  const edits = await listTreeEdits(mirror, what.parent ?? EMPTY_TREE, tree, signal);
  if (what.parent !== null && edits.length === 0) return { commit: what.parent, tree, changed: [] };
  const parents = what.parent === null ? [] : [what.parent];
  const commit = await writeCommit(mirror, { tree, parents, message: what.message, atSeconds: what.atSeconds }, signal);
  await pinMade(mirror, commit);
  return { commit, tree, changed: edits.map(({ path }) => path).sort() };
}

/** git knows it without being told. */
export const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

const LIMITS: FolderLimits = { files: 200_000, bytes: 2 * 1_024 ** 3, fileBytes: 256 * 1_024 ** 2 };
const TRIES = 4;

async function writeFolder(mirror: GitMirror, what: FolderImport, signal: AbortSignal | undefined): Promise<string> {
  let moving = "";
  for (let tried = 0; tried < TRIES; tried += 1) {
    const made = await tryFolder(mirror, what, signal);
    if (made.kind === "tree") return made.tree;
    moving = made.path;
  }
  throw new InstarError("DETECTION_FAILED", `${JSON.stringify(moving)} changed each time that the folder was read`, {
    facts: { folder: what.folder },
    advice: "Instar looks again by itself. If a program always writes there, name its files in ignore.",
    transient: true,
  });
}

type Tried = { readonly kind: "tree"; readonly tree: string } | { readonly kind: "moving"; readonly path: string };

async function tryFolder(mirror: GitMirror, what: FolderImport, signal: AbortSignal | undefined): Promise<Tried> {
  const { isIgnored, known = new Map(), limits = LIMITS, clock = systemClock } = what;
  try {
    const begunMs = clock.wallMs();
    const folder = await realpath(what.folder).catch((cause: unknown) => {
      throw new InstarError("DETECTION_FAILED", `the folder ${what.folder} is not there`, { cause, transient: true });
    });
    const before = await readFolder(folder, isIgnored, limits, signal);
    if (before.kind === "moving") return before;
    if (before.entries.length === 0) throw new InstarError("SOURCE_EMPTY", `there is no file in ${what.folder}`, { facts: { folder } });
    await mirror.clear([INDEX]);
    const unknown = before.entries.filter(({ path, stamp }) => known.get(path)?.stamp !== stamp);
    const written = await writeBlobs(mirror, folder, unknown, signal);
    if (written.kind === "moving") return written;
    const objectOf = ({ path }: FolderEntry) => written.objects.get(path) ?? known.get(path)?.object ?? "";
    const tree = await writeTreeOf(mirror, before.entries, objectOf, signal);
    const after = await readFolder(folder, isIgnored, limits, signal);
    const moved = after.kind === "moving" ? after.path : findDifference(before.entries, after.entries);
    if (moved !== undefined) return { kind: "moving", path: moved };
    remember(known, before.entries, objectOf, begunMs);
    return { kind: "tree", tree };
  } catch (error) {
    signal?.throwIfAborted();
    throw explainFileError(error, `could not read the folder ${what.folder}`);
  }
}

/** In the mirror's folder. What a killed git leaves in it is written over. */
const INDEX = "instar-import.index";

async function writeTreeOf(
  mirror: GitMirror,
  entries: readonly FolderEntry[],
  objectOf: (entry: FolderEntry) => string,
  signal: AbortSignal | undefined,
): Promise<string> {
  await mirror.run(["read-tree", "--empty"], { index: INDEX, signal });
  const lines = entries.map((entry) => `${entry.mode} ${objectOf(entry)}\t${entry.path}\0`);
  await mirror.run(["update-index", "-z", "--index-info"], { index: INDEX, stdin: lines.join(""), signal });
  const { stdout } = await mirror.run(["write-tree"], { index: INDEX, signal });
  return stdout.toString("latin1").trim();
}

/** The first path that is not the same in both; folders come in no order. */
function findDifference(before: readonly FolderEntry[], after: readonly FolderEntry[]): string | undefined {
  const stamps = new Map(before.map(({ path, stamp }) => [path, stamp]));
  for (const { path, stamp } of after) {
    if (stamps.get(path) !== stamp) return path;
    stamps.delete(path);
  }
  return stamps.keys().next().value;
}

/** The coarsest clock of a file system that people still use (FAT) ticks every two seconds. */
const TICK_MS = 2_000;

/** git's "racy" rule: a file as young as the reading could be written again in the same tick and look the same; it is read again next time. */
function remember(known: KnownFiles, entries: readonly FolderEntry[], objectOf: (entry: FolderEntry) => string, begunMs: number): void {
  const old = entries
    .filter(({ changedMs }) => changedMs < begunMs - TICK_MS)
    .map((entry) => [entry.path, { stamp: entry.stamp, object: objectOf(entry) }] as const);
  known.clear();
  for (const [path, file] of old) known.set(path, file);
}
