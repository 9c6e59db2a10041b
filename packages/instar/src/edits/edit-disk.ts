import { constants } from "node:fs";
import { chmod, link, mkdir, open, rename, rmdir, unlink } from "node:fs/promises";
import { makePrivateFolder, removeTree, writeFileDurably } from "../platform/durable-files.ts";
import type { OpenFolder } from "./open-folder.ts";
import type { FileFacts } from "./read-live-file.ts";

/**
 * Every write of an edit, each whole or not there. The rest of this room only reads, so a test that stands in here can kill or fail each one.
 * Errors are those of the operating system.
 */
export interface EditDisk {
  /** A record in Instar's own folder. */
  record(path: string, data: string | Uint8Array): Promise<void>;
  makePrivateFolder(path: string): Promise<void>;
  removeTree(path: string): Promise<void>;
  /** A new file with its content, mode, owner and time, synced. A crash may leave it half written. */
  create(path: string, bytes: Uint8Array, facts: Pick<FileFacts, "mode" | "uid" | "gid"> & { readonly mtimeMs?: number }): Promise<void>;
  link(from: string, to: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  makeFolder(path: string, mode: number): Promise<void>;
  removeFolder(path: string): Promise<void>;
  sync(folder: OpenFolder): Promise<void>;
}

export const realEditDisk: EditDisk = {
  record: (path, data) => writeFileDurably(path, data),
  makePrivateFolder,
  removeTree,
  create: async (path, bytes, { mode, uid, gid, mtimeMs }) => {
    const file = await open(path, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW, 0o600);
    try {
      await file.writeFile(bytes);
      const made = await file.stat();
      if (made.uid !== uid || made.gid !== gid) await file.chown(uid, gid);
      // After the owner: giving a file away clears the upper bits of its mode.
      await file.chmod(mode);
      if (mtimeMs !== undefined) await file.utimes(mtimeMs / 1_000, mtimeMs / 1_000);
      await file.sync();
    } finally {
      await file.close();
    }
  },
  link,
  rename,
  unlink,
  makeFolder: async (path, mode) => {
    await mkdir(path, { mode });
    await chmod(path, mode);
  },
  removeFolder: rmdir,
  sync: (folder) => folder.sync(),
};
