import type { TreeEdit } from "./edit-tree.ts";
import { findTreeProblem } from "./find-tree-problem.ts";
import type { GitMirror } from "./git-mirror.ts";
import { listTree } from "./list-tree.ts";
import { readLocalFile } from "./read-local-file.ts";

export interface LocalChange {
  /** Relative to the tree, with `/`. */
  readonly path: string;
  readonly kind: "changed" | "missing" | "added";
  /** Absolute: where it lies, `<tree>/<path>`. */
  readonly content: string;
}

export interface Left {
  readonly path: string;
  readonly because: string;
}

type ReadEdits =
  | { readonly kind: "read"; readonly edits: readonly TreeEdit[]; readonly left: readonly Left[] }
  | { readonly kind: "unreadable"; readonly because: string };

/** What a person changes by hand is small; more is a program's work, and no commit's. */
const MAX_CHANGES = 2_000;
const MAX_BYTES = 64 * 1_048_576;

/** Takes what was changed into the mirror and says how it differs from the commit. What is the same after all is none. */
export async function readLocalEdits(mirror: GitMirror, running: string, changes: readonly LocalChange[], signal?: AbortSignal): Promise<ReadEdits> {
  if (changes.length > MAX_CHANGES) return tooMuch(`${changes.length} files were changed by hand; at most ${MAX_CHANGES} are brought over`);
  const held = new Map((await listTree(mirror, running, signal)).map((entry) => [entry.path, entry]));
  const edits: TreeEdit[] = [];
  const left: Left[] = [];
  let freeBytes = MAX_BYTES;
  for (const { path, kind, content } of [...changes].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const entry = held.get(path);
    const because = whyLeft(path, kind, entry !== undefined);
    if (because !== undefined) left.push({ path, because });
    if (because !== undefined) continue;
    const file = kind === "missing" ? undefined : await readLocalFile(content, path, freeBytes);
    if (file?.kind === "too-large") return tooMuch(`the files that were changed by hand hold more than ${MAX_BYTES / 1_048_576} MiB`);
    if (file?.kind === "gone") return tooMuch(`${JSON.stringify(path)} was changed while it was read, or a folder above it is a link`);
    if (file?.kind === "other") left.push({ path, because: "it is neither a file nor a link" });
    else if (file?.kind === "file" || file?.kind === "link") {
      freeBytes -= file.bytes.length;
      const object = await writeBlob(mirror, file.bytes, signal);
      if (entry === undefined || entry.object !== object || modeOf(entry) !== file.mode) edits.push({ path, kind: "put", mode: file.mode, object });
    } else if (entry !== undefined) edits.push({ path, kind: "remove" }); // gone, or a folder is in its place
  }
  return { kind: "read", edits, left };
}

const tooMuch = (because: string): ReadEdits => ({ kind: "unreadable", because });

function whyLeft(path: string, kind: LocalChange["kind"], isHeld: boolean): string | undefined {
  if (kind !== "added" && !isHeld) return "the commit does not hold it: it was made by the installation or the build, and will be made again";
  return findTreeProblem([{ path, mode: 0o644, kind: "file", sizeBytes: 0, object: "" }]);
}

function modeOf(entry: { readonly kind: string; readonly mode: number }): string {
  if (entry.kind === "link") return "120000";
  return entry.mode === 0o755 ? "100755" : "100644";
}

/** The bytes as they are: without a name no filter is looked for, and none is wanted. */
async function writeBlob(mirror: GitMirror, bytes: Buffer, signal: AbortSignal | undefined): Promise<string> {
  const { stdout } = await mirror.run(["hash-object", "-w", "--no-filters", "--stdin"], { stdin: bytes, signal });
  return stdout.toString("latin1").trim();
}
