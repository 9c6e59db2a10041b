import { InstarError } from "@instar/protocol";
import type { GitMirror } from "./git-mirror.ts";
import { assertFolderIsThere, optionsToward, type Remote } from "./read-remote.ts";

/**
 * Never by force: a branch that has what the commit has not stays as it is. No hook of anybody's runs on this machine, also where the remote is a folder.
 * @throws InstarError CONFLICT, SOURCE_GONE, TIMED_OUT, PLATFORM_FAILED
 */
export async function pushCommit(
  mirror: GitMirror,
  remote: Remote,
  { commit, branch, timeoutMs, signal }: { readonly commit: string; readonly branch: string; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<void> {
  await assertFolderIsThere(remote);
  const { status, stdout } = await mirror.run(
    ["push", "--porcelain", "--no-verify", ...receivePackOf(remote), "--", remote.address, `${commit}:refs/heads/${branch}`],
    {
      ...optionsToward(remote),
      timeoutMs,
      signal,
      accept: [1],
    },
  );
  if (status === 0) return;
  // Of a porcelain answer each line begins with a flag; `!` is a ref that was not taken.
  const refused = /^!\t\S+\t(.*)$/m.exec(stdout.toString("utf8"))?.[1] ?? "it was not taken";
  throw new InstarError("CONFLICT", `the remote did not take it as the tip of ${branch}: ${refused.slice(0, 200)}`);
}

/** As uploadPackOf: on this machine the other side obeys nothing that the folder's configuration says. */
function receivePackOf({ folder }: Remote): readonly string[] {
  if (folder === undefined) return [];
  const guards = ["safe.directory='*'", "core.fsmonitor=false", "core.hooksPath=/dev/null", "core.alternateRefsCommand=", "receive.autogc=false"];
  return [`--receive-pack=git ${guards.map((guard) => `-c ${guard}`).join(" ")} receive-pack`];
}
