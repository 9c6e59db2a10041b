import { closeSync, constants, fsync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { promisify } from "node:util";
import { syncFolder, writeFileDurably } from "../platform/durable-files.ts";

/** Everything with which the store and what refers to it changes the disk, so that a test can refuse each of them, or end a life after it. */
export interface StoreFiles {
  /** A new file that only its owner may open. */
  create(path: string): number;
  write(file: number, bytes: Uint8Array): void;
  sync(file: number): Promise<void>;
  close(file: number): void;
  rename(from: string, to: string): void;
  syncFolder(path: string): Promise<void>;
  /** Removing what is not there is fine. */
  remove(path: string): void;
  writeFileDurably(path: string, data: string | Uint8Array): Promise<void>;
}

const syncOne = promisify(fsync);

export const systemStoreFiles: StoreFiles = {
  create: (path) => openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600),
  write: (file, bytes) => {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done);
  },
  sync: (file) => syncOne(file),
  close: (file) => closeSync(file),
  rename: (from, to) => renameSync(from, to),
  syncFolder,
  remove: (path) => rmSync(path, { force: true }),
  writeFileDurably: (path, data) => writeFileDurably(path, data),
};
