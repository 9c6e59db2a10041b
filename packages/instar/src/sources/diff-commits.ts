import type { GitMirror } from "./git-mirror.ts";

export interface FileChange {
  readonly path: string;
  readonly status: "added" | "modified" | "deleted" | "renamed" | "type-changed";
  /** The path before, of a rename. */
  readonly from?: string;
  /** 0 for binary files. */
  readonly addedLines: number;
  readonly deletedLines: number;
  readonly isBinary: boolean;
  /** git's modes: 0o100644, 0o100755, 0o120000 (a link), 0o160000 (a submodule); 0 where it is not there. */
  readonly modeBefore: number;
  readonly modeAfter: number;
}

/** git knows the tree without entries by this name in every repository. */
export const EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/** What changed between two commits, renames found. `from: null` is a first release: everything is added. */
export async function diffCommits(mirror: GitMirror, from: string | null, to: string, signal?: AbortSignal): Promise<readonly FileChange[]> {
  const options = ["-r", "-z", "--no-commit-id", "--raw", "--numstat", "--no-ext-diff", "--no-textconv", "-M", "--ignore-submodules=none"];
  const { stdout } = await mirror.run(["diff-tree", ...options, from ?? EMPTY_TREE, to], { signal });
  return parseDiff(stdout.toString("utf8"));
}

/** With -z the raw lines come first, then one numstat record a file, in the same order. A rename's two paths are fields of their own. */
function parseDiff(output: string): FileChange[] {
  const fields = output.split("\0");
  let at = 0;
  const next = () => fields[at++] ?? "";
  const changes: Omit<FileChange, "addedLines" | "deletedLines" | "isBinary">[] = [];
  while (fields[at]?.startsWith(":")) {
    const [modeBefore = "", modeAfter = "", , , letter = ""] = next().slice(1).split(" ");
    const modes = { modeBefore: Number.parseInt(modeBefore, 8), modeAfter: Number.parseInt(modeAfter, 8) };
    const path = next();
    changes.push({
      ...modes,
      ...(letter[0] === "R" ? { path: next(), status: "renamed", from: path } : { path, status: STATUS[letter[0] ?? ""] ?? "modified" }),
    });
  }
  return changes.map((change) => {
    const [added = "", deleted = "", path = ""] = splitNumstat(next());
    if (path === "") at += 2; // a rename: both paths follow
    const isBinary = added === "-";
    return { ...change, addedLines: isBinary ? 0 : Number(added), deletedLines: isBinary ? 0 : Number(deleted), isBinary };
  });
}

const STATUS: Readonly<Record<string, FileChange["status"]>> = { A: "added", C: "added", D: "deleted", M: "modified", T: "type-changed" };

/** `<added>\t<deleted>\t<path>`; the path may hold tabs of its own. */
function splitNumstat(record: string): readonly string[] {
  const found = /^([^\t]*)\t([^\t]*)\t(.*)$/s.exec(record);
  return found === null ? [] : found.slice(1);
}
