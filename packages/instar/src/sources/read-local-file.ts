import { constants, type Stats } from "node:fs";
import { lstat, open, readlink, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InstarError } from "@instar/protocol";

/** What lies at a path now, as git would keep it; `other` is what git cannot keep. */
export type LocalFile =
  | { readonly kind: "file"; readonly mode: "100644" | "100755"; readonly bytes: Buffer }
  | { readonly kind: "link"; readonly mode: "120000"; readonly bytes: Buffer }
  | { readonly kind: "folder" | "other" | "gone" | "too-large" };

/**
 * Reads a file of a tree that a stranger can write in: never through a link, not even in one of the folders above it, and without waiting at a
 * pipe.
 *
 * @param content absolute, and ends with `path`, which is relative to the tree
 * @throws InstarError INPUT_INVALID (`content` is not `path` in a tree); what the file system says
 */
export async function readLocalFile(content: string, path: string, maxBytes: number): Promise<LocalFile> {
  try {
    await assertWithoutLinks(content, path);
    const found = await lstat(content);
    if (found.isSymbolicLink()) return { kind: "link", mode: "120000", bytes: await readlink(content, { encoding: "buffer" }) };
    if (found.isDirectory()) return { kind: "folder" };
    return found.isFile() ? await readOpened(content, maxBytes) : { kind: "other" };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP") return { kind: "gone" };
    throw error;
  }
}

async function assertWithoutLinks(content: string, path: string): Promise<void> {
  if (!content.endsWith(`/${path}`)) throw new InstarError("INPUT_INVALID", `${JSON.stringify(content)} is not ${JSON.stringify(path)} in a tree`);
  const tree = await realpath(content.slice(0, -path.length - 1) || "/");
  const folder = await realpath(dirname(content));
  if (folder !== join(tree, dirname(path))) throw Object.assign(new Error("a folder above it is a link"), { code: "ELOOP" });
}

async function readOpened(content: string, maxBytes: number): Promise<LocalFile> {
  const file = await open(content, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const stats: Stats = await file.stat();
    if (!stats.isFile()) return { kind: "other" };
    const buffer = Buffer.allocUnsafe(Math.min(stats.size, maxBytes) + 1);
    let size = 0;
    for (let read = -1; read !== 0 && size < buffer.length; size += read) read = (await file.read(buffer, size, buffer.length - size, null)).bytesRead;
    if (size > maxBytes || size > stats.size) return { kind: size > maxBytes ? "too-large" : "gone" };
    return { kind: "file", mode: (stats.mode & 0o100) === 0 ? "100644" : "100755", bytes: buffer.subarray(0, size) };
  } finally {
    await file.close();
  }
}
