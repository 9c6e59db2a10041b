import { isUtf8 } from "node:buffer";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { type Edit, TEXT_LIMIT_BYTES } from "./edit.ts";
import { isInsideTree } from "./is-inside-tree.ts";
import { isLockfile } from "./lockfiles/parse-lockfile.ts";

/** A change of one file, as git tells it. */
export interface FileDifference extends Pick<Edit, "path" | "from" | "status" | "addedLines" | "deletedLines" | "modeBefore" | "modeAfter"> {
  readonly isBinary: boolean;
}

/** All texts together. A diff of everything is judged by its names beyond this, and says so. */
const ALL_TEXTS_BYTES = 128 * 1_048_576;
/** A large project's lockfile has tens of megabytes, and is read by parsers that can bear it. */
const LOCKFILE_LIMIT_BYTES = 48 * 1_048_576;
const REGULAR = 0o100000;

/**
 * The texts of a change's files, from the two trees on disk. What is no text, too large, a link, a submodule or cannot be opened stays unread
 * (`hasText: false`); nothing is followed out of a tree, and nothing here throws.
 */
export async function readEdits(differences: readonly FileDifference[], trees: { before: string | null; after: string }): Promise<Edit[]> {
  const edits: Edit[] = [];
  let leftBytes = ALL_TEXTS_BYTES;
  for (const { isBinary, ...difference } of differences) {
    const wants = (mode: number) => !isBinary && (mode & 0o170000) === REGULAR;
    const read = async (root: string | null, path: string, mode: number): Promise<string | null> => {
      if (root === null || !wants(mode)) return null;
      const text = await readText(root, path, Math.min(isLockfile(path) ? LOCKFILE_LIMIT_BYTES : TEXT_LIMIT_BYTES, leftBytes));
      leftBytes -= text?.length ?? 0;
      return text;
    };
    const before = await read(trees.before, difference.from ?? difference.path, difference.modeBefore);
    const after = await read(trees.after, difference.path, difference.modeAfter);
    const isRead = (mode: number, text: string | null) => mode === 0 || text !== null;
    edits.push({ ...difference, before, after, hasText: isRead(difference.modeBefore, before) && isRead(difference.modeAfter, after) });
  }
  return edits;
}

/** @returns null where it is no text of at most so many bytes that lies inside the tree */
async function readText(root: string, path: string, limitBytes: number): Promise<string | null> {
  if (!(await isInsideTree(root, path))) return null;
  const file = await open(`${root}/${path}`, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(() => undefined);
  if (file === undefined) return null;
  try {
    const { size } = await file.stat();
    if (size > limitBytes) return null;
    const bytes = await file.readFile();
    return isUtf8(bytes) && !bytes.includes(0) ? bytes.toString("utf8") : null;
  } catch {
    return null; // a folder, a device, a disk that gives an error: unread, which is said
  } finally {
    await file.close();
  }
}
