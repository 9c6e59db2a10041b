import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { join } from "node:path";

export interface ServedFile {
  readonly handle: FileHandle;
  readonly sizeBytes: number;
  readonly etag: string;
}

/**
 * Opens a file below a folder for reading; undefined where there is no plain file. A link is not followed, neither in the folders on the way nor at the end:
 * what is published is written here as plain files, so a link leads where nobody published anything.
 */
export async function openServedFile(root: string, parts: readonly string[]): Promise<ServedFile | undefined> {
  for (let depth = 1; depth < parts.length; depth += 1) {
    const folder = await lstat(join(root, ...parts.slice(0, depth))).catch(absent);
    if (folder === undefined || !folder.isDirectory()) return undefined;
  }
  // O_NONBLOCK: a pipe would wait for its writer.
  const handle = await open(join(root, ...parts), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(absent);
  if (handle === undefined) return undefined;
  try {
    const facts = await handle.stat({ bigint: true });
    if (facts.isFile()) {
      // A file is exchanged whole under its name, so these three tell its content; hashed, since what a disk numbers is nobody's business.
      const etag = `"${createHash("sha256").update(`${facts.ino} ${facts.size} ${facts.mtimeNs}`).digest("hex").slice(0, 32)}"`;
      return { handle, sizeBytes: Number(facts.size), etag };
    }
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ENOTDIR" || error.code === "ELOOP" || error.code === "ENAMETOOLONG" || error.code === "ENXIO")
    return undefined;
  throw error;
}
