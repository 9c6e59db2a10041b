import { randomFillSync } from "node:crypto";
import { type FileHandle, open, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { explainFileError, syncFolder } from "./durable-files.ts";

/** Bytes that this user may still write on the file system of `path`, or of its nearest folder that exists. */
export async function readFreeBytes(path: string): Promise<number> {
  try {
    const found = await statfs(path);
    return found.bavail * found.bsize;
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code === "ENOENT" && parent !== path) return readFreeBytes(parent);
    throw explainFileError(error, `could not ask how much space ${path} has`);
  }
}

/**
 * Sets disk space aside: a file that really occupies it, to be freed when going back needs room. Written with random
 * bytes, since zeros cost nothing on a compressing file system. Does nothing where the reserve is there already.
 * A crash leaves no reserve and a `.part` file that the next call overwrites.
 *
 * @throws InstarError DISK_FULL, PLATFORM_FAILED; nothing stays occupied then
 */
export async function ensureReserve(path: string, sizeBytes: number): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.size === sizeBytes && (process.platform === "win32" || found.blocks * 512 >= sizeBytes)) return;
  const part = `${path}.part`;
  try {
    await rm(path, { force: true });
    const file = await open(part, "w", 0o600);
    try {
      await writeNoise(file, sizeBytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(part, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(part, { force: true });
    throw explainFileError(error, `could not set ${sizeBytes} bytes aside at ${path}`);
  }
}

async function writeNoise(file: FileHandle, sizeBytes: number): Promise<void> {
  const noise = randomFillSync(Buffer.alloc(Math.min(sizeBytes, 1_048_576)));
  for (let written = 0; written < sizeBytes; ) written += (await file.write(noise, 0, Math.min(noise.length, sizeBytes - written))).bytesWritten;
}

/** Gives the reserve back. Freeing twice, or what never was, is fine. */
export async function freeReserve(path: string): Promise<void> {
  await rm(path, { force: true });
  await syncFolder(dirname(path));
}
