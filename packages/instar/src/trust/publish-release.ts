import { randomBytes } from "node:crypto";
import { copyFile, lstat, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InstarError, type TrustDraftOutcome } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import { explainFileError, makePrivateFolder, renameDurably } from "../platform/durable-files.ts";
import { advanceDraft } from "./advance-draft.ts";
import { digestFile } from "./digest-file.ts";
import { makeTargetsDraft, nextVersion } from "./make-targets-draft.ts";
import { customSchema, type ReleaseCustom, SELF } from "./metadata-bodies.ts";
import { packRelease } from "./pack-release.ts";
import { planTargets } from "./plan-metadata.ts";
import { readReleaseArchive } from "./read-release-archive.ts";
import { assertSigned, type RepositoryState, readRepository } from "./read-repository.ts";
import { digestManifest, RELEASE_LIMITS, type ReleaseLimits, type ReleaseManifest } from "./release-manifest.ts";
import { parseChannel, targetPathOf } from "./release-path.ts";
import { placesIn, type WriteFile, withRepositoryLock, writePublicly } from "./repository-disk.ts";
import { readKeyFolder } from "./signing-keys.ts";

export interface PublishQuestion {
  readonly folder: string;
  /** The keys at hand. Where they are not enough, the release waits as a draft for the others. */
  readonly keysFolder: string;
  /** A folder or a .tgz, with a release.json at its top that says what it is. */
  readonly release: string;
  /** `self` is the channel of what an agent wrote; its keys are its own. */
  readonly channel: string;
  /** To how many of a hundred instances it is offered; all where nothing is said. */
  readonly percentage?: number | undefined;
  readonly limits?: ReleaseLimits | undefined;
  readonly clock: Pick<Clock, "wallMs">;
  readonly write?: WriteFile | undefined;
}

export type PublishOutcome = TrustDraftOutcome & { readonly path: string; readonly sha256: string };

/**
 * Publishes a release, or keeps it as a draft until enough keys have signed. The bytes are put in place first, under their digest: as long as no metadata name
 * them, nobody asks for them. Publishing the same bytes again changes only how they are described.
 *
 * @throws InstarError PACKAGE_REFUSED, CONFLICT (this version has other bytes already; another command is at work), INPUT_INVALID, NOT_FOUND, DATA_DAMAGED,
 *   FORBIDDEN (others may read a key), DISK_FULL, PLATFORM_FAILED
 */
export function publishRelease(question: PublishQuestion): Promise<PublishOutcome> {
  const { folder, keysFolder, release, clock, percentage = 100, limits = RELEASE_LIMITS, write = writePublicly } = question;
  const channel = parseChannel(question.channel);
  return withRepositoryLock(folder, async () => {
    const state = await readRepository(folder);
    assertSigned(state);
    const keys = await readKeyFolder(keysFolder);
    const taken = await takeArchive(folder, release, limits);
    try {
      const { manifest, sha256, lengthBytes } = taken;
      const path = targetPathOf({ channel, component: manifest.component, version: manifest.version });
      const role = channel === SELF ? "self" : "targets";
      assertNew(state, path, sha256);
      await keepArchive(folder, path, taken);
      const custom = describeRelease(manifest, channel, percentage);
      const nowMs = clock.wallMs();
      const signed = planTargets(
        role,
        state[role].signed,
        { path, file: { length: lengthBytes, hashes: { sha256 }, custom } },
        { version: nextVersion(state, role), nowMs },
      );
      const draft = makeTargetsDraft(state, role, signed, `publish ${path}`, nowMs);
      return { ...(await advanceDraft({ folder, state, keys, nowMs, write }, draft)), path, sha256 };
    } finally {
      await rm(taken.file, { force: true });
    }
  });
}

function describeRelease(manifest: ReleaseManifest, channel: string, percentage: number): ReleaseCustom {
  const { component, version, kind, migrations, rollbackPlan } = manifest;
  const custom = { component, version, kind, channel, migrations, rollbackPlan, filesDigest: digestManifest(manifest), percentage };
  const parsed = customSchema.safeParse(custom);
  if (!parsed.success)
    throw new InstarError("INPUT_INVALID", `the release cannot be described so: ${parsed.error.issues[0]?.path.join(".")} ${parsed.error.issues[0]?.message}`);
  return parsed.data;
}

/** A version is one content for ever: who runs 1.2.3 must be able to say what that is. */
function assertNew({ targets, self }: RepositoryState, path: string, sha256: string): void {
  const listed = targets.signed.targets[path] ?? self.signed.targets[path];
  if (listed !== undefined && listed.hashes.sha256 !== sha256)
    throw new InstarError("CONFLICT", `${path} is published already, with other bytes`, {
      facts: { path, sha256: listed.hashes.sha256 },
      advice: "Give it a new version.",
    });
}

interface TakenArchive {
  readonly file: string;
  readonly manifest: ReleaseManifest;
  readonly sha256: string;
  readonly lengthBytes: number;
}

/** A copy of our own: what was judged and what is published are the same bytes, whatever happens to the original. */
async function takeArchive(folder: string, release: string, limits: ReleaseLimits): Promise<TakenArchive> {
  const places = placesIn(folder);
  await makePrivateFolder(places.private);
  const file = join(places.private, `.tmp-${randomBytes(6).toString("hex")}`);
  try {
    const found = await lstat(release).catch((error: unknown) => {
      throw explainFileError(error, `could not look at ${release}`);
    });
    if (found.isDirectory()) await packRelease(release, file, limits);
    else if (found.isFile()) await copyFile(release, file);
    else throw new InstarError("PACKAGE_REFUSED", `${release} is neither a folder nor an archive`);
    const manifest = await readReleaseArchive(file, limits);
    return { file, manifest, ...(await digestFile(file)) };
  } catch (error) {
    await rm(file, { force: true });
    throw explainFileError(error, `could not take ${release}`);
  }
}

async function keepArchive(folder: string, path: string, { file, sha256 }: TakenArchive): Promise<void> {
  const place = join(placesIn(folder).targets, dirname(path), `${sha256}.${path.slice(path.lastIndexOf("/") + 1)}`);
  await makePrivateFolder(dirname(place));
  const handle = await open(file, "r+");
  try {
    await handle.chmod(0o644);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await renameDurably(file, place);
}
