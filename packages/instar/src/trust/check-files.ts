import { compareFiles, type FilesVerdict } from "./compare-files.ts";
import { assertFolder, readReleaseFiles } from "./read-release-files.ts";
import { RELEASE_LIMITS, type ReleaseLimits, type ReleaseManifest } from "./release-manifest.ts";

/**
 * Whether an unpacked release is what its manifest says. Ask again right before it is used: between unpacking and use somebody may write.
 *
 * @throws InstarError PACKAGE_REFUSED where there is what no release may hold (a link, a device, a trick with a name), PLATFORM_FAILED
 */
export async function checkFiles(folder: string, manifest: ReleaseManifest, limits: ReleaseLimits = RELEASE_LIMITS): Promise<FilesVerdict> {
  await assertFolder(folder);
  return compareFiles(manifest.files, await readReleaseFiles(folder, limits));
}
