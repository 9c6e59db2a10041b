import { randomBytes } from "node:crypto";
import { lstat, mkdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { InstarError } from "@instar/protocol";
import { explainFileError, makePrivateFolder, removeTree, renameDurably, syncFolder } from "../platform/durable-files.ts";
import { BoundedFetcher } from "./bounded-fetcher.ts";
import type { ClientLimits } from "./client-limits.ts";
import { digestFile } from "./digest-file.ts";
import type { ReleaseTarget } from "./plan-release.ts";
import { readReleaseArchive } from "./read-release-archive.ts";
import { digestManifest, type ReleaseManifest } from "./release-manifest.ts";
import { askUpdater } from "./run-updater.ts";

export interface DownloadedRelease {
  readonly release: ReleaseTarget;
  /** The packed release: verified when it was put here, and to be checked again where it is unpacked (`checkFiles`). */
  readonly file: string;
  readonly manifest: ReleaseManifest;
}

export interface DownloadQuestion {
  /** Listed by the client just now. */
  readonly releases: readonly ReleaseTarget[];
  readonly folder: string;
  /** The folder appears whole, or not at all. */
  readonly isBundle: boolean;
  readonly targetUrl: string;
  readonly limits: ClientLimits;
  readonly signal: AbortSignal;
}

/**
 * Downloads releases into a folder, each only once it is found to be the one that was signed. A bundle is made beside its folder and renamed in one step.
 * A crash leaves a folder whose name begins with `.bundle-`, or a file `.tmp-`, and no release that is not whole.
 *
 * @throws InstarError PACKAGE_REFUSED, CONFLICT (the bundle's folder is there, or a component twice in it), SOURCE_GONE, DISK_FULL, PLATFORM_FAILED
 */
export async function downloadReleases({ releases, folder, isBundle, ...how }: DownloadQuestion): Promise<readonly DownloadedRelease[]> {
  if (!isBundle) {
    await makePrivateFolder(folder);
    return fetchEach(releases, folder, how);
  }
  await assertNewBundle(releases, folder);
  const beside = join(dirname(folder), `.bundle-${randomBytes(6).toString("hex")}`);
  try {
    await makePrivateFolder(dirname(folder));
    await mkdir(beside, { mode: 0o700 });
    const fetched = await fetchEach(releases, beside, how);
    await syncFolder(beside);
    await renameDurably(beside, folder);
    return fetched.map((each) => ({ ...each, file: join(folder, basename(each.file)) }));
  } catch (error) {
    await removeTree(beside).catch(() => undefined);
    throw explainFileError(error, `could not make the bundle ${folder}`);
  }
}

type How = Pick<DownloadQuestion, "targetUrl" | "limits" | "signal">;

async function fetchEach(releases: readonly ReleaseTarget[], folder: string, how: How): Promise<DownloadedRelease[]> {
  const fetched: DownloadedRelease[] = [];
  for (const release of releases) fetched.push(await fetchRelease(release, folder, how));
  return fetched;
}

async function fetchRelease(release: ReleaseTarget, folder: string, { targetUrl, limits, signal }: How): Promise<DownloadedRelease> {
  const file = join(folder, basename(release.path));
  if (await isSame(file, release)) return { release, file, manifest: await readRelease(file, release, limits) };
  if (release.lengthBytes > limits.targetBytes)
    throw new InstarError("PACKAGE_REFUSED", `${release.path} is larger than ${limits.targetBytes} bytes`, {
      facts: { reason: "too-large", path: release.path },
    });
  const fetcher = new BoundedFetcher({ scratch: folder, signal, totalBytes: release.lengthBytes });
  const url = new URL(`${dirname(release.path)}/${release.sha256}.${basename(release.path)}`, targetUrl.endsWith("/") ? targetUrl : `${targetUrl}/`);
  const manifest = await askUpdater(fetcher, () =>
    fetcher.downloadFile(url.href, release.lengthBytes, async (temporary) => {
      if (!(await isSame(temporary, release)))
        throw new InstarError("PACKAGE_REFUSED", `${release.path} is not the file that was signed`, { facts: { reason: "altered", path: release.path } });
      const read = await readRelease(temporary, release, limits);
      signal.throwIfAborted();
      await renameDurably(temporary, file);
      return read;
    }),
  );
  return { release, file, manifest };
}

async function isSame(file: string, { sha256, lengthBytes }: ReleaseTarget): Promise<boolean> {
  const found = await lstat(file).catch(() => undefined);
  if (found?.isFile() !== true || found.size !== lengthBytes) return false;
  return (await digestFile(file)).sha256 === sha256;
}

/** The bytes are those that were signed; whether they are what the signature says that they are is another question. */
async function readRelease(file: string, { path, custom }: ReleaseTarget, limits: ClientLimits): Promise<ReleaseManifest> {
  const manifest = await readReleaseArchive(file, limits.release);
  const isBound =
    manifest.component === custom.component &&
    manifest.version === custom.version &&
    manifest.kind === custom.kind &&
    digestManifest(manifest) === custom.filesDigest;
  if (!isBound)
    throw new InstarError("PACKAGE_REFUSED", `${path} holds ${manifest.component} ${manifest.version}, which is not what was signed for`, {
      facts: { reason: "wrong-release", path },
    });
  return manifest;
}

async function assertNewBundle(releases: readonly ReleaseTarget[], folder: string): Promise<void> {
  const components = releases.map(({ custom }) => custom.component);
  const twice = components.find((component, index) => components.indexOf(component) !== index);
  if (twice !== undefined)
    throw new InstarError("CONFLICT", `a bundle holds each component once, and this one ${twice} twice`, { facts: { component: twice } });
  if ((await lstat(folder).catch(() => undefined)) !== undefined) throw new InstarError("CONFLICT", `${folder} is there already`, { facts: { folder } });
}
