import type { GitMirror } from "./git-mirror.ts";

/** A change to a tree of git's: an object in the mirror, or a path that goes. */
export type TreeEdit =
  | { readonly path: string; readonly kind: "put"; readonly mode: string; readonly object: string }
  | { readonly path: string; readonly kind: "remove" };

/** In the mirror's folder. What a killed git leaves in it is written over. */
const INDEX = "instar-merge.index";
const NOTHING = "0".repeat(40);

/** A commit's tree with these edits. What stands in an edit's way (a file where a folder is needed, or the other way round) goes. */
export async function editTree(mirror: GitMirror, commit: string, edits: readonly TreeEdit[], signal?: AbortSignal): Promise<string> {
  await mirror.clear([INDEX]);
  await mirror.run(["read-tree", commit], { index: INDEX, signal });
  const removed = edits.filter(({ kind }) => kind === "remove").map(({ path }) => `0 ${NOTHING}\t${path}\0`);
  const put = edits.flatMap((edit) => (edit.kind === "put" ? [`${edit.mode} ${edit.object}\t${edit.path}\0`] : []));
  await mirror.run(["update-index", "-z", "--index-info"], { index: INDEX, stdin: [...removed, ...put].join(""), signal });
  const { stdout } = await mirror.run(["write-tree"], { index: INDEX, signal });
  return stdout.toString("latin1").trim();
}

/** What makes the one tree of the other, by path; renames are a removal and a new file. */
export async function listTreeEdits(mirror: GitMirror, from: string, to: string, signal?: AbortSignal): Promise<readonly TreeEdit[]> {
  const { stdout } = await mirror.run(
    ["diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-commit-id", "--no-renames", "--ignore-submodules=none", from, to],
    { signal },
  );
  const fields = stdout.toString("utf8").split("\0");
  const edits: TreeEdit[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, mode = "", , object = "", letter] = (fields[at] ?? "").split(" ");
    const path = fields[at + 1] ?? "";
    edits.push(letter === "D" ? { path, kind: "remove" } : { path, kind: "put", mode, object });
  }
  return edits;
}
