import type { GitMirror } from "../git-mirror.ts";
import { optionsToward, type Remote, uploadPackOf } from "../read-remote.ts";

const LIMIT_BYTES = 4 * 1_048_576;

/** A commit's own bytes, as they are named by their hash. */
export async function readCommitBytes(mirror: GitMirror, commit: string): Promise<Buffer> {
  return (await mirror.run(["cat-file", "commit", commit], { maxBytes: LIMIT_BYTES })).stdout;
}

/**
 * The bytes of the tag by which a commit was found, brought from the remote: a ref advertisement leads past them to the commit. Null for a tag without a
 * message, which is a name and nothing more.
 */
export async function bringTagBytes(
  mirror: GitMirror,
  remote: Remote,
  want: { readonly ref: string; readonly commit: string; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Buffer | null> {
  const kept = `refs/instar/tag/${want.commit}`;
  await mirror.clear([kept]);
  const options = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules", "--update-shallow"];
  await mirror.run(["fetch", ...options, ...uploadPackOf(remote), "--", remote.address, `+${want.ref}:${kept}`], {
    ...optionsToward(remote),
    timeoutMs: want.timeoutMs,
    signal: want.signal,
  });
  const { stdout } = await mirror.run(["cat-file", "-t", kept]);
  if (stdout.toString("latin1").trim() !== "tag") return null;
  return (await mirror.run(["cat-file", "tag", kept], { maxBytes: LIMIT_BYTES })).stdout;
}
