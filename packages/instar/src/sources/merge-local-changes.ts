import { editTree, listTreeEdits, type TreeEdit } from "./edit-tree.ts";
import { findTreeProblem } from "./find-tree-problem.ts";
import type { GitMirror } from "./git-mirror.ts";
import { listTree } from "./list-tree.ts";
import { type Left, type LocalChange, readLocalEdits } from "./read-local-edits.ts";
import { pinMade, readTime, writeCommit } from "./write-commit.ts";

export interface MergeQuestion {
  /** The commit of upstream's that runs. */
  readonly base: string;
  /** The commit that the running tree was made from, where an earlier call made it: what it carried is carried on. Default: the base. */
  readonly running?: string | undefined;
  readonly candidate: string;
  readonly strategy: "update-wins" | "local-wins" | "merge";
  /** What is not in the running tree as it was made. */
  readonly changes: readonly LocalChange[];
}

export type MergedChanges =
  | {
      readonly kind: "merged";
      /** What is to be staged; the candidate itself where nothing is carried. Otherwise its parents are the candidate and `local`. */
      readonly commit: string;
      /** The local changes on top of the base, kept whatever the strategy; null where there are none. */
      readonly local: string | null;
      /** Paths in which `commit` is not as the candidate. */
      readonly carried: readonly string[];
      /** Local changes that no commit can hold, and why. */
      readonly left: readonly Left[];
    }
  | { readonly kind: "conflicted"; readonly paths: readonly string[]; readonly local: string }
  | { readonly kind: "unavailable"; readonly because: string };

/**
 * Brings what was changed by hand in the running tree over to a candidate, by commits in the mirror alone: nothing is checked out, and no
 * attribute, filter, driver or hook has a say. The same question gives the same commits, so asking again after a crash is no harm; what was made
 * is pinned under refs/instar/merged. One call at a time in a mirror.
 *
 * @throws InstarError PACKAGE_REFUSED (a name that cannot be told), INPUT_INVALID, DISK_FULL, TIMED_OUT, PLATFORM_FAILED
 */
export async function mergeLocalChanges(mirror: GitMirror, question: MergeQuestion, signal?: AbortSignal): Promise<MergedChanges> {
  const { base, candidate, strategy, running = base } = question;
  const read = await readLocalEdits(mirror, running, question.changes, signal);
  if (read.kind === "unreadable") return { kind: "unavailable", because: read.because };
  const unchanged = { kind: "merged", commit: candidate, carried: [], left: read.left } as const;
  const tree = await editTree(mirror, running, read.edits, signal);
  const edits = await listTreeEdits(mirror, base, tree, signal);
  if (edits.length === 0) return { ...unchanged, local: null };

  const atSeconds = await readTime(mirror, running);
  const local = await writeCommit(mirror, { tree, parents: [running], message: "What was changed by hand", atSeconds }, signal);
  await pinMade(mirror, local);
  if (strategy === "update-wins") return { ...unchanged, local };

  const merged = strategy === "local-wins" ? await putOver(mirror, candidate, edits, signal) : await mergeTrees(mirror, { base, local, candidate }, signal);
  if (merged.kind !== "tree") return merged.kind === "conflicted" ? { ...merged, local } : merged;
  const carried = (await listTreeEdits(mirror, candidate, merged.tree, signal)).map(({ path }) => path).sort();
  if (carried.length === 0) return { ...unchanged, local };

  const message = "What was changed by hand, brought over";
  const commit = await writeCommit(mirror, { tree: merged.tree, parents: [candidate, local], message, atSeconds: await readTime(mirror, candidate) }, signal);
  const problem = findTreeProblem(await listTree(mirror, commit, signal));
  if (problem !== undefined) return { kind: "unavailable", because: `with what was changed by hand it could not be a release: ${problem}` };
  await pinMade(mirror, commit);
  return { kind: "merged", commit, local, carried, left: read.left };
}

type MergedTree =
  | { readonly kind: "tree"; readonly tree: string }
  | { readonly kind: "conflicted"; readonly paths: readonly string[] }
  | { readonly kind: "unavailable"; readonly because: string };

async function putOver(mirror: GitMirror, candidate: string, edits: readonly TreeEdit[], signal: AbortSignal | undefined): Promise<MergedTree> {
  return { kind: "tree", tree: await editTree(mirror, candidate, edits, signal) };
}

/**
 * Commits without a past stand for the three trees: the base of the merge is then what runs, whatever the history says (it may have been
 * rewritten, or go back).
 */
export async function mergeTrees(
  mirror: GitMirror,
  of: { base: string; local: string; candidate: string },
  signal: AbortSignal | undefined,
): Promise<MergedTree> {
  const stand = (commit: string, parents: readonly string[]) =>
    writeCommit(mirror, { tree: `${commit}^{tree}`, parents, message: "stands for", atSeconds: 0 }, signal);
  const base = await stand(of.base, []);
  const sides = [await stand(of.candidate, [base]), await stand(of.local, [base])];
  const asked = await mirror.run(["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ...sides], { accept: [1, UNKNOWN_OPTION], signal });
  if (asked.status === UNKNOWN_OPTION) return { kind: "unavailable", because: "this git cannot merge without a checkout; git 2.38 and newer can" };
  const [tree = "", ...names] = asked.stdout.toString("utf8").split("\0");
  return asked.status === 0 ? { kind: "tree", tree: tree.trim() } : { kind: "conflicted", paths: [...new Set(names.filter((name) => name !== ""))].sort() };
}

/** git's status when it shows how it is used. */
const UNKNOWN_OPTION = 129;
