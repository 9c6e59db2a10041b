import { InstarError, type Origin } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import type { ChosenRef } from "./choose-ref.ts";
import { diffCommits, type FileChange } from "./diff-commits.ts";
import { fetchCommit, pinOf } from "./fetch-commit.ts";
import type { TreeEntry } from "./find-tree-problem.ts";
import { type GitMirror, openGitMirror } from "./git-mirror.ts";
import type { GitProgram } from "./git-program.ts";
import { listTree } from "./list-tree.ts";
import { type MergedChanges, type MergeQuestion, mergeLocalChanges } from "./merge-local-changes.ts";
import { type GitSigners, proveGitOrigin } from "./origin/prove-git-origin.ts";
import { bringTagBytes, readCommitBytes } from "./origin/read-signed-objects.ts";
import { unproven } from "./origin.ts";
import { pushCommit } from "./push-commit.ts";
import { type CommitFacts, type CommitQuestion, readCommit } from "./read-commit.ts";
import { readDiffText } from "./read-diff-text.ts";
import { readFileDiffs } from "./read-file-diffs.ts";
import { readFilesOf } from "./read-files-of.ts";
import { parseRemote, readNamed, readRemote } from "./read-remote.ts";
import { writeTree, writeTreeToRead } from "./write-tree.ts";

export interface GitSourceSettings extends GitProgram {
  /** An address, or an absolute path; undefined where git is no source, and only what others bring is kept in the mirror. */
  readonly remote: string | undefined;
  /** Default: main, unless a tag is named. */
  readonly branch?: string | undefined;
  /** A pattern such as `v*`; the highest version wins. */
  readonly tag?: string | undefined;
  /** Whether pre-releases count among what a pattern fits; default: no. */
  readonly prereleases?: boolean | undefined;
  /** Where our bare copy lies; made when it is first needed, and made again where it is damaged beyond opening. */
  readonly mirrorFolder: string;
  /** Whom an operator lets vouch for commits and tags, read anew for each question. Default: nobody. */
  readonly origin?: { readonly readSigners: () => Promise<GitSigners>; readonly clock: Clock } | undefined;
  readonly lookTimeoutMs?: number;
  readonly fetchTimeoutMs?: number;
}

/** Everything but `look` and `fetch` reads the mirror only, and wants a commit that `fetch` has brought. */
export interface GitSource {
  /** What upstream has now; one ref advertisement, no object. @throws SOURCE_GONE, SOURCE_NOT_GIT, SOURCE_EMPTY, TIMED_OUT */
  look(signal?: AbortSignal): Promise<ChosenRef>;
  /** What a person names: a branch, a tag or a whole commit name. @throws NOT_FOUND, INPUT_INVALID, SOURCE_GONE, SOURCE_NOT_GIT, TIMED_OUT */
  find(name: string, signal?: AbortSignal): Promise<ChosenRef>;
  /** Brings and pins a commit; doing it again asks nobody. `ref` is where `look` saw it, for servers that give out refs only. */
  fetch(commit: string, signal?: AbortSignal, ref?: string): Promise<void>;
  /** Who vouches for a commit that was found by this ref. See proveGitOrigin. */
  proveOrigin(commit: string, ref: string, signal: AbortSignal): Promise<Origin>;
  /** Gives a commit to the remote as the tip of a branch, where that only grows. @throws SOURCE_GONE, TIMED_OUT, CONFLICT (it has what the commit has not) */
  push(commit: string, branch: string, signal: AbortSignal): Promise<void>;
  readCommit(commit: string, question?: CommitQuestion): Promise<CommitFacts>;
  /** Whether history only grew: false means a force push, or an `older` that the mirror never had. */
  isAncestor(older: string, newer: string): Promise<boolean>;
  listTree(commit: string, signal?: AbortSignal): Promise<readonly TreeEntry[]>;
  diff(from: string | null, to: string, signal?: AbortSignal): Promise<readonly FileChange[]>;
  /** See readDiffText. */
  diffText(from: string, to: string, limitBytes: number, signal?: AbortSignal): Promise<string | null>;
  /** See readFileDiffs. */
  fileDiffs(from: string | null, to: string, files: readonly FileChange[], signal?: AbortSignal): Promise<ReadonlyMap<string, string>>;
  readFile(commit: string, path: string, maxBytes: number): Promise<Buffer | undefined>;
  /** Into an existing, empty folder; see write-tree.ts for what is refused. */
  writeTree(commit: string, folder: string, signal?: AbortSignal): Promise<void>;
  /** The same, to be read and never run: nothing is refused but names that cannot be told; what is not safe is left out. Gives all entries. */
  writeTreeToRead(commit: string, folder: string, signal?: AbortSignal): Promise<readonly TreeEntry[]>;
  /** Brings what was changed by hand over to a candidate; see merge-local-changes.ts. */
  mergeLocalChanges(question: MergeQuestion, signal?: AbortSignal): Promise<MergedChanges>;
  /** For sources that bring what is not in git: what writes in it does so within `alone`. */
  readonly mirror: GitMirror;
  /** Runs an act while nothing else writes in the mirror, which is there then. */
  alone<T>(act: () => Promise<T>): Promise<T>;
  /** Keeps a commit that such a source made. */
  keepImported(commit: string): Promise<void>;
  /** Whether a commit is kept so: it has no history that could have been rewritten. */
  isImported(commit: string): Promise<boolean>;
  /** Whether two commits hold the same files; false where the mirror has not both. */
  haveSameFiles(one: string, other: string): Promise<boolean>;
}

export function createGitSource(settings: GitSourceSettings): GitSource {
  const known = settings.remote === undefined ? undefined : parseRemote({ ...settings, remote: settings.remote });
  const remoteOf = () => {
    if (known !== undefined) return known;
    throw new InstarError("SOURCE_GONE", "git is no source of this instance, so there is nobody to ask for a commit that the mirror does not hold", {
      advice: "Name source.git in instar.yaml, or let the source that brought it be asked again.",
    });
  };
  const mirror = openGitMirror(settings.mirrorFolder, settings);
  // One writer at a time in the mirror: clearing a dead git's leftovers must not hit a living one's.
  let writing: Promise<unknown> = Promise.resolve();
  const alone = <T>(act: () => Promise<T>): Promise<T> => {
    const done = writing.then(act, act);
    writing = done.catch(() => {});
    return done;
  };
  return {
    look: async (signal) => {
      await alone(mirror.prepare);
      return readRemote(mirror, remoteOf(), settings.lookTimeoutMs ?? 60_000, signal);
    },
    find: async (name, signal) => {
      await alone(mirror.prepare);
      return readNamed(mirror, remoteOf(), name, settings.lookTimeoutMs ?? 60_000, signal);
    },
    fetch: (commit, signal, ref) =>
      alone(async () => {
        assertCommit(commit);
        await mirror.prepare();
        await fetchCommit(mirror, remoteOf, { commit, ref, timeoutMs: settings.fetchTimeoutMs ?? 900_000, signal });
      }),
    push: (commit, branch, signal) =>
      alone(() => pushCommit(mirror, remoteOf(), { commit: assertCommit(commit), branch, timeoutMs: settings.fetchTimeoutMs ?? 900_000, signal })),
    proveOrigin: (commit, ref, signal) =>
      alone(async () => {
        const signers = (await settings.origin?.readSigners()) ?? { allowedSigners: null, openPgpKeys: null };
        if (settings.origin === undefined || (signers.allowedSigners === null && signers.openPgpKeys === null))
          return unproven("source.signers names nobody who could vouch for a commit");
        const isTag = ref.startsWith("refs/tags/");
        return proveGitOrigin(
          {
            commit,
            ref,
            commitBytes: await readCommitBytes(mirror, assertCommit(commit)),
            tagBytes: isTag ? await bringTagBytes(mirror, remoteOf(), { ref, commit, timeoutMs: settings.fetchTimeoutMs ?? 900_000, signal }) : null,
            signers,
            path: settings.path,
            nowMs: settings.origin.clock.wallMs(),
          },
          signal,
        );
      }),
    readCommit: async (commit, question) => readCommit(mirror, assertCommit(commit), question),
    isAncestor: async (older, newer) => {
      const asked = await mirror.run(["merge-base", "--is-ancestor", assertCommit(older), assertCommit(newer)], { accept: [1, 128] });
      return asked.status === 0;
    },
    listTree: async (commit, signal) => listTree(mirror, assertCommit(commit), signal),
    diff: async (from, to, signal) => diffCommits(mirror, from === null ? null : assertCommit(from), assertCommit(to), signal),
    diffText: async (from, to, limitBytes, signal) => readDiffText(mirror, assertCommit(from), assertCommit(to), limitBytes, signal),
    fileDiffs: async (from, to, files, signal) => readFileDiffs(mirror, from === null ? null : assertCommit(from), assertCommit(to), files, signal),
    readFile: async (commit, path, maxBytes) => (await readFilesOf(mirror, assertCommit(commit), [path], maxBytes)).get(path),
    writeTree: async (commit, folder, signal) => writeTree(mirror, assertCommit(commit), folder, signal),
    mergeLocalChanges: (question, signal) => alone(() => mergeLocalChanges(mirror, question, signal)),
    mirror,
    alone: (act) =>
      alone(async () => {
        await mirror.prepare();
        return act();
      }),
    keepImported: (commit) =>
      alone(async () => {
        const refs = [importedRef(assertCommit(commit)), pinOf(commit)];
        await mirror.clear(refs);
        // Both or neither: what is kept as imported is pinned.
        await mirror.run(["update-ref", "--stdin"], { stdin: refs.map((ref) => `update ${ref} ${commit}\n`).join("") });
      }),
    isImported: async (commit) => {
      const asked = await mirror.run(["rev-parse", "--verify", "--quiet", importedRef(assertCommit(commit))], { accept: [1, 128] });
      return asked.status === 0;
    },
    haveSameFiles: async (one, other) => {
      const trees = [one, other].map((commit) => `${assertCommit(commit)}^{tree}`);
      const { status, stdout } = await mirror.run(["rev-parse", ...trees], { accept: [1, 128] });
      const [first, second] = stdout.toString("latin1").trim().split("\n");
      return status === 0 && first === second;
    },
    writeTreeToRead: async (commit, folder, signal) => writeTreeToRead(mirror, assertCommit(commit), folder, signal),
  };
}

const importedRef = (commit: string) => `refs/instar/imported/${commit}`;

/** Only whole object names reach git's command line: no option, no range, no ref that may move. */
function assertCommit(commit: string): string {
  if (/^[0-9a-f]{40}$/.test(commit)) return commit;
  throw new InstarError("INPUT_INVALID", `${JSON.stringify(commit)} is not a commit's name`, {
    ...(/^[0-9a-f]{64}$/.test(commit) ? { advice: "Repositories with SHA-256 names cannot be followed." } : {}),
  });
}
