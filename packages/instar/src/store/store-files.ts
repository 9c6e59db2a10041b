import { constants } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { syncFolder, writeFileDurably } from "../platform/durable-files.ts";
import { syncTree } from "../platform/sync-tree.ts";

export interface StoreFile {
  write(bytes: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Everything with which the store and what refers to it changes the disk, so that a test can refuse each of them, or end a life after it. */
export interface StoreFiles {
  /** A new file that only its owner may open. */
  create(path: string): Promise<StoreFile>;
  rename(from: string, to: string): Promise<void>;
  syncFolder(path: string): Promise<void>;
  /** Removing what is not there is fine. */
  remove(path: string): Promise<void>;
  writeFileDurably(path: string, data: string | Uint8Array): Promise<void>;
  /** A tree that is read from, or was built, becomes durable as it is now. */
  syncTree(path: string): Promise<void>;
}

export const systemStoreFiles: StoreFiles = {
  create: async (path) => {
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    return {
      write: async (bytes) => {
        for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done, bytes.length - done)).bytesWritten;
      },
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  rename: (from, to) => rename(from, to),
  syncFolder,
  remove: (path) => rm(path, { force: true }),
  writeFileDurably: (path, data) => writeFileDurably(path, data),
  syncTree,
};
