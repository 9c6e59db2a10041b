/** One entry of a commit. Folders are not entries: git has none of its own. */
export interface TreeEntry {
  /** With `/`, relative to the repository's root. */
  readonly path: string;
  /** 0o644 or 0o755 for files, 0o777 for links, 0 for submodules. */
  readonly mode: number;
  readonly kind: "file" | "link" | "submodule";
  readonly sizeBytes: number;
  /** The blob (or a submodule's commit). */
  readonly object: string;
  /** Of a link, as written. */
  readonly target?: string;
}

/** Why a commit's tree must not be put on a disk, in a sentence; undefined where nothing speaks against it. Pure. */
export function findTreeProblem(entries: readonly TreeEntry[]): string | undefined {
  const links = new Map<string, string>();
  for (const entry of entries) {
    if (entry.kind === "submodule") return `${quote(entry.path)} is a submodule; a release holds only what the commit itself holds`;
    if (entry.kind === "link") links.set(entry.path, entry.target ?? "");
    const named = entry.path.split(/[/\\]/).find(isUnsafeName);
    if (named !== undefined) return `${quote(entry.path)} has a name that is not safe to write: ${quote(named)}`;
    if (entry.path.includes("\0")) return `${quote(entry.path)} holds a zero byte`;
  }
  for (const path of links.keys()) {
    const end = followLink(path, links);
    if (end === "outside") return `the link ${quote(path)} points out of the repository, to ${quote(links.get(path) ?? "")}`;
    if (end === "endless") return `the link ${quote(path)} leads in a circle`;
  }
  return undefined;
}

/**
 * `.git` as any file system may read it: in any case, NTFS's short name and alternate streams, trailing dots and blanks that
 * Windows drops, code points that HFS+ ignores. An empty name, `.` and `..` never come from an honest tree.
 */
function isUnsafeName(name: string): boolean {
  if (name === "" || name === "." || name === "..") return true;
  const folded = name
    .replace(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g, "")
    .toLowerCase()
    .replace(/:.*$/s, "")
    .replace(/[. ]+$/, "");
  return folded === ".git" || /^git~\d+$/.test(folded);
}

/**
 * Follows a link as a file system would, through other links: comparing the written text alone misses `a/b -> ../..` used
 * as a step of another link.
 */
function followLink(path: string, links: ReadonlyMap<string, string>): "inside" | "outside" | "endless" {
  const todo = path.split("/");
  const at: string[] = [];
  for (let steps = 0; todo.length > 0; ) {
    const name = todo.shift() ?? "";
    if (name === "" || name === ".") continue;
    if (name === "..") {
      if (at.pop() === undefined) return "outside";
      continue;
    }
    at.push(name);
    const target = links.get(at.join("/"));
    if (target === undefined) continue;
    if (++steps > 40) return "endless"; // Linux gives up at 40 as well
    if (isForeign(target)) return "outside";
    at.pop();
    todo.unshift(...target.split("/"));
  }
  return "inside";
}

/** Absolute, or read differently by different systems: a backslash is a name's letter here and a separator there. */
function isForeign(target: string): boolean {
  return target === "" || target.startsWith("/") || target.includes("\\") || /^[a-z]:/i.test(target);
}

function quote(name: string): string {
  return JSON.stringify(name);
}
