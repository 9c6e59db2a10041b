import { isLockfile } from "../analysis/lockfiles/parse-lockfile.ts";
import type { FileChange } from "../sources/diff-commits.ts";

/** Beyond this nobody reads a file's change in a list of others: it is asked for by its name. */
const FILE_LINES = 1_500;
const ALL_LINES = 20_000;
/** Their names stand on git's command line. */
const PATH_BYTES = 65_536;
/** A file that was asked for by name: a browser still draws so many. */
const ASKED_LINES = 30_000;

/** Which files' hunks are shown, and of the others why not, by path. A list of changes stays one that can be read, whatever a candidate brings. */
export function planShownDiffs(
  files: readonly FileChange[],
  isAsked: boolean,
): { readonly shown: readonly FileChange[]; readonly leftOut: ReadonlyMap<string, string> } {
  const shown: FileChange[] = [];
  const leftOut = new Map<string, string>();
  let lines = 0;
  let pathBytes = 0;
  for (const file of files) {
    const size = file.addedLines + file.deletedLines;
    const because = isAsked ? whyNotAsked(file, size) : whyNot(file, size, lines, pathBytes);
    if (because !== null) {
      leftOut.set(file.path, because);
      continue;
    }
    shown.push(file);
    lines += size;
    pathBytes += Buffer.byteLength(file.path) + Buffer.byteLength(file.from ?? "");
  }
  return { shown, leftOut };
}

function whyNot(file: FileChange, size: number, linesBefore: number, pathBytesBefore: number): string | null {
  const never = whyNever(file);
  if (never !== null) return never;
  if (isLockfile(file.path)) return "a lockfile: what changed of its packages is said in the impact";
  if (size > FILE_LINES) return `${size} lines changed: ask for this file alone to see them`;
  if (linesBefore + size > ALL_LINES || pathBytesBefore > PATH_BYTES) return "too much changed before it: ask for this file alone to see it";
  return null;
}

const whyNotAsked = (file: FileChange, size: number): string | null =>
  whyNever(file) ?? (size > ASKED_LINES ? `${size} lines changed, which is more than can be shown: \`git diff\` shows them` : null);

function whyNever({ isBinary, status }: FileChange): string | null {
  if (isBinary) return "binary";
  if (status === "type-changed") return "it became something else: a file a link, or a link a file";
  return null;
}
