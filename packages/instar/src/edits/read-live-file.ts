import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { explainFileError } from "../platform/durable-files.ts";
import type { OpenFolder } from "./open-folder.ts";

/** A configuration that is larger is no configuration; it is read whole into memory. */
export const LARGEST_FILE_BYTES = 33_554_432;

/** What makes two states of a file the same, and what is kept of it. */
export interface FileFacts {
  readonly digest: `sha256:${string}`;
  readonly sizeBytes: number;
  /** Permission bits, the upper three included. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtimeMs: number;
}

export type LiveFile =
  | { readonly found: "absent" }
  | { readonly found: "file"; readonly facts: FileFacts; readonly bytes: Buffer; readonly names: number }
  | { readonly found: "directory" }
  | { readonly found: "other"; readonly what: string };

/** What an entry of a folder is now. A link is not followed, and a pipe or device not opened for long. @throws InstarError PLATFORM_FAILED */
export async function readLiveFile(folder: OpenFolder, name: string): Promise<LiveFile> {
  const path = folder.at(name);
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (stat.isDirectory()) return { found: "directory" };
      if (!stat.isFile()) return { found: "other", what: "no plain file" };
      if (stat.size > LARGEST_FILE_BYTES) return { found: "other", what: `larger than ${LARGEST_FILE_BYTES / 1_048_576} MiB` };
      const bytes = await file.readFile();
      const { mode, uid, gid, mtimeMs, nlink } = stat;
      return {
        found: "file",
        bytes,
        names: nlink,
        facts: { digest: digestOf(bytes), sizeBytes: bytes.length, mode: mode & 0o7777, uid, gid, mtimeMs: Math.floor(mtimeMs) },
      };
    } finally {
      await file.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return { found: "absent" };
    if (code === "ELOOP") return { found: "other", what: "a link" };
    // What open answers for a socket, and for a device that is not there.
    if (code === "ENXIO") return { found: "other", what: "no plain file" };
    throw explainFileError(error, `could not read ${folder.real}/${name}`);
  }
}

export const digestOf = (bytes: Uint8Array): `sha256:${string}` => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
