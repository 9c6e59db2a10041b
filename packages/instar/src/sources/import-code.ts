import { dirname } from "node:path/posix";
import { editTree } from "./edit-tree.ts";
import { pinOf } from "./fetch-commit.ts";
import { importFolder } from "./files/import-folder.ts";
import type { IsIgnored } from "./files/path-rules.ts";
import { findTreeProblem } from "./find-tree-problem.ts";
import type { GitMirror } from "./git-mirror.ts";
import { listTree } from "./list-tree.ts";
import { mergeTrees } from "./merge-local-changes.ts";
import { pinMade, readTime, writeCommit } from "./write-commit.ts";

export interface CodeImport {
  /** Gives a folder, absolute, in which nobody else writes, with what lies there. No git in it, nor what a repository there says, is asked. */
  readonly lay: (isIgnored: IsIgnored) => Promise<string>;
  /** What is no part of the agent; what the base has is one all the same. */
  readonly isIgnored: IsIgnored;
  /** The commit that the folder was made from. */
  readonly base: string;
  /** What runs now; another one than the base where it has moved on. */
  readonly onto: string;
  readonly message: string;
  readonly author: { readonly name: string; readonly email: string };
}

export type ImportedCode =
  /** `local`: the folder as it lies there. */
  | { readonly kind: "unchanged"; readonly local: string }
  /** `commit` is `onto`'s child. `changed`: paths in which it is not as `onto`; `isRebased`: the changes were brought over to it. */
  | { readonly kind: "imported"; readonly local: string; readonly commit: string; readonly changed: readonly string[]; readonly isRebased: boolean }
  | { readonly kind: "conflicted"; readonly paths: readonly string[] }
  | { readonly kind: "unavailable"; readonly because: string };

/**
 * Makes a commit of the agent's own changes, by what lies in its folder and nothing else. The same files on the same base with the same message are the same
 * commit. One call at a time in a mirror.
 *
 * @throws InstarError as importFolder
 */
export async function importCode(mirror: GitMirror, what: CodeImport, signal?: AbortSignal): Promise<ImportedCode> {
  const { base, onto, message, author } = what;
  const isIgnored = await keepKnown(mirror, base, what.isIgnored, signal);
  const folder = await what.lay(isIgnored);
  const local = await importFolder(mirror, { folder, isIgnored, message, parent: base, atSeconds: await readTime(mirror, base) }, signal);
  if (local.changed.length === 0) return { kind: "unchanged", local: local.commit };
  const tree = await putLinks(mirror, base, local.commit, signal);
  const linked = await writeCommit(mirror, { tree, parents: [base], message, atSeconds: await readTime(mirror, base) }, signal);
  const merged =
    onto === base ? ({ kind: "tree", tree: `${linked}^{tree}` } as const) : await mergeTrees(mirror, { base, local: linked, candidate: onto }, signal);
  if (merged.kind !== "tree") return merged;
  const commit = await writeCommit(mirror, { tree: merged.tree, parents: [onto], message, atSeconds: await readTime(mirror, onto), author }, signal);
  const problem = findTreeProblem(await listTree(mirror, commit, signal));
  if (problem !== undefined) return { kind: "unavailable", because: problem };
  await pinMade(mirror, commit);
  // Where the engine looks before it asks a remote, which has none of it.
  await mirror.clear([pinOf(commit)]);
  await mirror.run(["update-ref", pinOf(commit), commit]);
  const { stdout } = await mirror.run(["diff-tree", "-r", "-z", "--name-only", "--no-renames", onto, commit], { signal });
  const changed = stdout
    .toString("utf8")
    .split("\0")
    .filter((path) => path !== "");
  return changed.length === 0 ? { kind: "unchanged", local: linked } : { kind: "imported", local: linked, commit, changed, isRebased: onto !== base };
}

/** A list of what to leave out must not remove what was always there. */
async function keepKnown(mirror: GitMirror, base: string, isIgnored: IsIgnored, signal: AbortSignal | undefined): Promise<IsIgnored> {
  const known = new Set<string>();
  for (const { path } of await listTree(mirror, base, signal)) for (let at = path; at !== "." && !known.has(at); at = dirname(at)) known.add(at);
  return (path, kind) => !known.has(path) && isIgnored(path, kind);
}

/** A folder that was made of the base holds none of its links: where nothing else has their name, they are as they were. */
async function putLinks(mirror: GitMirror, base: string, commit: string, signal: AbortSignal | undefined): Promise<string> {
  const links = (await listTree(mirror, base, signal)).filter(({ kind }) => kind === "link");
  const taken = new Set<string>();
  if (links.length > 0) for (const { path } of await listTree(mirror, commit, signal)) for (let at = path; at !== "."; at = dirname(at)) taken.add(at);
  const edits = links.flatMap(({ path, object }) => (taken.has(path) ? [] : [{ path, kind: "put", mode: "120000", object } as const]));
  return edits.length === 0 ? `${commit}^{tree}` : editTree(mirror, commit, edits, signal);
}
