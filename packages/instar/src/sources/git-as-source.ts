import { redactCredentials } from "./git-failure.ts";
import type { GitSource } from "./git-source.ts";
import type { Source } from "./source.ts";

export interface GitFollow {
  readonly remote: string;
  readonly branch?: string | undefined;
  readonly tag?: string | undefined;
  readonly checkEveryMs: number;
}

/** A git repository as a source of updates. */
export function gitAsSource(git: GitSource, { remote, branch, tag, checkEveryMs }: GitFollow): Source {
  return {
    id: "git",
    kind: "git_repo",
    address: redactCredentials(remote),
    follows: tag === undefined ? `branch ${branch ?? "main"}` : `tags ${tag}`,
    checkEveryMs,
    look: async (signal) => {
      const { commit, ref, version } = await git.look(signal);
      return {
        key: commit,
        ref,
        version,
        branch: ref.startsWith("refs/heads/") ? ref.slice("refs/heads/".length) : undefined,
        trigger: ref.startsWith("refs/tags/") ? "new_tag" : "new_commit",
        refusedBecause: null,
      };
    },
    bring: async ({ key, ref }, signal) => {
      await git.fetch(key, signal, ref);
      return key;
    },
    prove: ({ ref }, commit, signal) => git.proveOrigin(commit, ref, signal),
  };
}
