import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InstarError } from "@instar/protocol";
import { explainFileError } from "../platform/durable-files.ts";
import { findTreeProblem, type TreeEntry } from "./find-tree-problem.ts";
import type { GitMirror } from "./git-mirror.ts";
import { listTree } from "./list-tree.ts";
import { type Blob, collect, readBlobs, readObjects } from "./read-blobs.ts";

/** Smaller files are written while git already gives the next; larger ones pass through in chunks. */
const SMALL_BYTES = 1_048_576;
const WRITERS = 8;

/**
 * Puts a commit's files into an existing, empty folder: the stored bytes, modes 644 and 755, links as they are. Folders come
 * first, then files, links last, and every file must be new, so that no write can pass through a link. Not synced: sealing the
 * release does that once, and a crash before leaves an unsealed attempt.
 *
 * @throws InstarError PACKAGE_REFUSED, DATA_DAMAGED (the mirror no longer holds what was fetched), CONFLICT (the folder is not empty), DISK_FULL, PLATFORM_FAILED
 */
export async function writeTree(mirror: GitMirror, commit: string, folder: string, signal?: AbortSignal): Promise<void> {
  await assertTreesWhole(mirror, commit, signal);
  const entries = await listTree(mirror, commit, signal);
  const because = findTreeProblem(entries);
  if (because !== undefined) throw new InstarError("PACKAGE_REFUSED", because, { facts: { commit } });
  await writeEntries(mirror, entries, { commit, folder }, signal);
}

/**
 * The same, to be read and never run: a tree that `writeTree` refuses is written without its links, submodules and unsafe names.
 * @returns all of the commit's entries, written or not
 * @throws InstarError PACKAGE_REFUSED (a name that is not UTF-8), CONFLICT, DISK_FULL, PLATFORM_FAILED
 */
export async function writeTreeToRead(mirror: GitMirror, commit: string, folder: string, signal?: AbortSignal): Promise<readonly TreeEntry[]> {
  const entries = await listTree(mirror, commit, signal);
  const isWhole = findTreeProblem(entries) === undefined;
  const safe = isWhole ? entries : entries.filter((entry) => entry.kind === "file" && findTreeProblem([entry]) === undefined);
  await writeEntries(mirror, safe, { commit, folder }, signal);
  return entries;
}

/** From the commit's name to each folder's: whoever changed one of them in the mirror would otherwise give other files under the same name. */
async function assertTreesWhole(mirror: GitMirror, commit: string, signal?: AbortSignal): Promise<void> {
  let root: string | undefined;
  const takeCommit = async (blob: Blob) => {
    root = /^tree ([0-9a-f]{40})\n/.exec((await collect(blob)).toString("latin1"))?.[1];
  };
  const drain = async (tree: Blob) => void (await collect(tree));
  await readObjects(mirror, { kind: "commit", objects: [commit] }, takeCommit, signal);
  if (root !== undefined) await readObjects(mirror, { kind: "tree", objects: [root] }, drain, signal);
  const { stdout } = await mirror.run(["ls-tree", "-r", "-d", "-z", "--full-tree", commit], { signal });
  const below = stdout
    .toString("latin1")
    .split("\0")
    .flatMap((line) => /^040000 tree ([0-9a-f]{40})\t/.exec(line)?.[1] ?? []);
  await readObjects(mirror, { kind: "tree", objects: [...new Set(below)] }, drain, signal);
}

async function writeEntries(mirror: GitMirror, entries: readonly TreeEntry[], to: { commit: string; folder: string }, signal?: AbortSignal): Promise<void> {
  const { commit, folder } = to;
  try {
    if ((await readdir(folder)).length > 0) throw new InstarError("CONFLICT", `${folder} is not empty`, { facts: { folder } });
    for (const path of foldersOf(entries)) await mkdir(join(folder, path), { mode: 0o755, recursive: true });
    await writeFiles(mirror, entries, folder, signal);
    for (const entry of entries) if (entry.kind === "link") await symlink(entry.target ?? "", join(folder, entry.path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw explainFileError(error, `could not write the files of ${commit}`);
    throw new InstarError("PACKAGE_REFUSED", "two entries of the commit are the same name on this file system", { cause: error, facts: { commit } });
  }
}

function foldersOf(entries: readonly TreeEntry[]): ReadonlySet<string> {
  return new Set(entries.map(({ path }) => dirname(path)).filter((path) => path !== "."));
}

async function writeFiles(mirror: GitMirror, entries: readonly TreeEntry[], folder: string, signal?: AbortSignal): Promise<void> {
  const files = entries.filter((entry) => entry.kind === "file");
  const writing = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const take = async (blob: Blob, index: number) => {
    const file = files[index];
    if (failures.length > 0) throw failures[0];
    if (file === undefined) return;
    if (blob.sizeBytes > SMALL_BYTES) return writeFile(join(folder, file.path), file.mode, blob.chunks);
    const written = writeFile(join(folder, file.path), file.mode, [await collect(blob)])
      .catch((error: unknown) => void failures.push(error))
      .finally(() => writing.delete(written));
    writing.add(written);
    if (writing.size >= WRITERS) await Promise.race(writing);
  };
  const objects = files.map((file) => file.object);
  try {
    await readBlobs(mirror, objects, take, signal);
  } finally {
    await Promise.all(writing); // nothing writes on after this function has answered
  }
  if (failures.length > 0) throw failures[0];
}

async function writeFile(path: string, mode: number, chunks: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void> {
  const file: FileHandle = await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0), mode);
  try {
    for await (const chunk of chunks) await file.writeFile(chunk);
    await file.chmod(mode); // whatever the umask took
  } finally {
    await file.close();
  }
}
