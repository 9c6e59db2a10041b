import { join } from "node:path";
import { create } from "tar";
import { explainFileError } from "../platform/durable-files.ts";
import { assertFolder, readReleaseFiles } from "./read-release-files.ts";
import { MANIFEST_NAME, type ReleaseLimits } from "./release-manifest.ts";

/**
 * Packs a release's folder into a .tgz at `into`. The same folder gives the same bytes: no times, no owners, in the order of the paths. Not synced.
 *
 * @throws InstarError PACKAGE_REFUSED, DISK_FULL, PLATFORM_FAILED
 */
export async function packRelease(folder: string, into: string, limits: ReleaseLimits): Promise<void> {
  await assertFolder(folder);
  const files = await readReleaseFiles(folder, limits);
  try {
    // `./` before each: a name that begins with @ would be read as an archive to include.
    const paths = [MANIFEST_NAME, ...files.map(({ path }) => path)].map((path) => `./${path}`);
    await create(
      { file: into, cwd: join(folder), gzip: { level: 9 }, portable: true, noMtime: true, noDirRecurse: true, strict: true, preservePaths: false },
      paths,
    );
  } catch (error) {
    throw explainFileError(error, `could not pack ${folder}`);
  }
}
