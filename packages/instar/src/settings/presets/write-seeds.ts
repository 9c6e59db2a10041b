import { lstatSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { explainFileError, writeFileDurably } from "../../platform/durable-files.ts";
import type { PresetSeed } from "./preset.ts";

/**
 * Writes the seeds of which nothing is there, and leaves every file that is. A crash in between leaves whole files, and writing again adds the rest.
 *
 * @returns the absolute paths of those that were written
 * @throws InstarError DISK_FULL, PLATFORM_FAILED
 */
export async function writeSeeds(folder: string, seeds: readonly PresetSeed[]): Promise<string[]> {
  const written: string[] = [];
  for (const { path, content, mode } of seeds) {
    const target = join(folder, path);
    if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) continue;
    // What holds a secret is nobody else's, and neither is its folder.
    const folderMode = mode === 0o600 ? 0o700 : 0o755;
    await mkdir(dirname(target), { recursive: true, mode: folderMode }).catch((error: NodeJS.ErrnoException) => {
      throw explainFileError(error, `could not make ${dirname(target)}`);
    });
    await writeFileDurably(target, content, mode);
    written.push(target);
  }
  return written;
}
