import { InstarError } from "@instar/protocol";
import { redactCredentials } from "./git-failure.ts";
import type { GitMirror } from "./git-mirror.ts";
import { assertFolderIsThere, optionsToward, type Remote, uploadPackOf } from "./read-remote.ts";

/** The ref that keeps a commit and all it needs in the mirror, whatever the remote's branches do later. */
export const pinOf = (commit: string): string => `refs/instar/keep/${commit}`;

/**
 * Brings a commit with its whole history into the mirror and pins it. Fetching and pinning are one git command, which sets the
 * pin only when all objects have arrived and are synced: a crash leaves no pin, or a good one, so a pin found is work done.
 *
 * @throws InstarError SOURCE_GONE, SOURCE_NOT_GIT, DISK_FULL, TIMED_OUT, PLATFORM_FAILED
 */
export async function fetchCommit(
  mirror: GitMirror,
  remoteOf: () => Remote,
  want: { commit: string; ref: string | undefined; timeoutMs: number; signal?: AbortSignal | undefined },
): Promise<void> {
  const pin = pinOf(want.commit);
  // A mirror that has no file of the pin needs no start of git to say so.
  if ((await mirror.mayHave(pin)) && (await isPinned(mirror, want.commit))) return;
  const remote = remoteOf();
  await assertFolderIsThere(remote);
  await mirror.clear([pin, INCOMING]);
  try {
    await fetchRef(mirror, remote, `+${want.commit}:${pin}`, want);
  } catch (error) {
    if (!isRefusedById(error)) throw error;
    await fetchThroughRef(mirror, remote, want);
  }
  if (!(await isPinned(mirror, want.commit))) throw new InstarError("SOURCE_GONE", `what was fetched as ${want.commit} is not a commit`);
}

const INCOMING = "refs/instar/incoming";

async function isPinned(mirror: GitMirror, commit: string): Promise<boolean> {
  const { stdout } = await mirror.run(["rev-parse", "--verify", "--quiet", `${pinOf(commit)}^{commit}`], { accept: [1, 128] });
  return stdout.toString().trim() === commit;
}

async function fetchRef(mirror: GitMirror, remote: Remote, refspec: string, want: { timeoutMs: number; signal?: AbortSignal | undefined }): Promise<void> {
  const options = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules", "--update-shallow"];
  await mirror.run(["fetch", ...options, ...uploadPackOf(remote), "--", remote.address, refspec], {
    ...optionsToward(remote),
    timeoutMs: want.timeoutMs,
    signal: want.signal,
  });
}

/** Servers older than protocol 2 give out refs only; and a commit that is gone is not known by any. */
function isRefusedById(error: unknown): boolean {
  return (
    InstarError.is(error, "SOURCE_GONE") && error.cause instanceof Error && /unadvertised object|not our ref|no such remote ref/i.test(error.cause.message)
  );
}

async function fetchThroughRef(
  mirror: GitMirror,
  remote: Remote,
  want: { commit: string; ref: string | undefined; timeoutMs: number; signal?: AbortSignal | undefined },
): Promise<void> {
  const followed = "branch" in remote.follows && !/[*?]/.test(remote.follows.branch) ? `refs/heads/${remote.follows.branch}` : undefined;
  const ref = want.ref ?? followed;
  if (ref !== undefined) await fetchRef(mirror, remote, `+${ref}:${INCOMING}`, want);
  const known = await mirror.run(["cat-file", "-e", `${want.commit}^{commit}`], { accept: [1, 128] });
  if (known.status !== 0)
    throw new InstarError("SOURCE_GONE", `${redactCredentials(remote.address)} no longer has the commit ${want.commit.slice(0, 12)}`, {
      facts: { commit: want.commit },
      advice: "The source was rewritten since it was looked at; look again.",
    });
  await mirror.run(["update-ref", pinOf(want.commit), want.commit]);
  await mirror.run(["update-ref", "-d", INCOMING]);
}
