import { constants } from "node:fs";
import { open, realpath } from "node:fs/promises";
import { dirname } from "node:path";

export type BoundedFile =
  | { readonly kind: "text"; readonly text: string; readonly modifiedMs: number }
  | { readonly kind: "absent" }
  | { readonly kind: "refused"; readonly because: string };

/**
 * Reads a file that a job may have put there. Whatever it is, this ends soon and stays small: no link is followed out of `root`, no pipe is
 * waited for, and nothing larger than `mostBytes` is read. Never throws.
 */
export async function readBoundedFile(path: string, { root, mostBytes }: { readonly root: string; readonly mostBytes: number }): Promise<BoundedFile> {
  try {
    const [folder, top] = await Promise.all([realpath(dirname(path)), realpath(root)]);
    if (folder !== top && !folder.startsWith(`${top}/`)) return { kind: "refused", because: "it lies outside of where it belongs" };
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const { size, mtimeMs } = await file.stat();
      if (!(await file.stat()).isFile()) return { kind: "refused", because: "it is no file" };
      if (size > mostBytes) return { kind: "refused", because: `it has ${size} bytes, and ${mostBytes} are read at most` };
      return { kind: "text", text: await file.readFile("utf8"), modifiedMs: mtimeMs };
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "absent" };
    return { kind: "refused", because: code === "ELOOP" ? "it is a link" : `it cannot be read (${code ?? "unknown"})` };
  }
}
