import { assertFolder, readReleaseFiles } from "./read-release-files.ts";
import { assertManifest, RELEASE_LIMITS, type ReleaseAbout, type ReleaseLimits, type ReleaseManifest } from "./release-manifest.ts";

/**
 * The manifest of a folder, and what a person says of it. Writes nothing.
 *
 * @throws InstarError PACKAGE_REFUSED (a name, a link, a limit, or what was said), PLATFORM_FAILED
 */
export async function buildManifest(folder: string, about: ReleaseAbout, limits: ReleaseLimits = RELEASE_LIMITS): Promise<ReleaseManifest> {
  await assertFolder(folder);
  const files = await readReleaseFiles(folder, limits);
  const { component, version, kind, migrations, rollbackPlan } = about;
  return assertManifest({ formatVersion: 1, component, version, kind, files, migrations, rollbackPlan }, limits);
}
