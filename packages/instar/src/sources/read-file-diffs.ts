import { InstarError } from "@instar/protocol";
import { EMPTY_TREE, type FileChange } from "./diff-commits.ts";
import type { GitMirror } from "./git-mirror.ts";

const READ_BYTES = 16 * 1_024 ** 2;

/**
 * The hunks of some changed files, by path, as a unified diff without its heads. Nothing that a repository's settings or attributes say is run for it. A file
 * whose lines are so long that all together is too much to read is missing.
 *
 * @param files of `diffCommits`, of the same two commits; those that changed their type have no hunks of their own
 */
export async function readFileDiffs(
  mirror: GitMirror,
  from: string | null,
  to: string,
  files: readonly FileChange[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  if (files.length === 0) return new Map();
  const options = ["-r", "-z", "--raw", "-p", "-M", "--no-commit-id", "--no-color", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none"];
  const paths = files.flatMap(({ path, from: before }) => (before === undefined ? [path] : [before, path]));
  try {
    // Both names of a rename: else git would see an addition. Every path is taken literally (git-program.ts).
    const { stdout } = await mirror.run(["diff-tree", ...options, from ?? EMPTY_TREE, to, "--", ...paths], {
      signal,
      maxBytes: READ_BYTES,
    });
    return parseFileDiffs(stdout.toString("utf8").toWellFormed());
  } catch (error) {
    if (!(InstarError.is(error, "PLATFORM_FAILED") && error.message.includes("gave more than"))) throw error;
    if (files.length === 1) return new Map();
    const half = Math.ceil(files.length / 2);
    return new Map([
      ...(await readFileDiffs(mirror, from, to, files.slice(0, half), signal)),
      ...(await readFileDiffs(mirror, from, to, files.slice(half), signal)),
    ]);
  }
}

/** The raw lines name the files, in the order in which their hunks follow: no line of a file can begin as a head does, since each has a sign before it. */
function parseFileDiffs(output: string): Map<string, string> {
  const end = output.indexOf("\0\0");
  if (end < 0) return new Map();
  const fields = output.slice(0, end).split("\0");
  const paths: string[] = [];
  for (let at = 0; at < fields.length; ) {
    const isRename = /^:.* R\d*$/.test(fields[at] ?? "");
    paths.push(fields[at + (isRename ? 2 : 1)] ?? "");
    at += isRename ? 3 : 2;
  }
  // By line feeds alone: to a pattern's ^ a line also begins behind a carriage return and behind U+2028, which a candidate may put anywhere.
  const parts = `\n${output.slice(end + 2)}`.split("\ndiff --git ").slice(1);
  if (parts.length !== paths.length) throw new InstarError("PLATFORM_FAILED", `git named ${paths.length} files and showed ${parts.length}`);
  return new Map(parts.map((part, at) => [paths[at] ?? "", hunksOf(at < parts.length - 1 ? `${part}\n` : part)]));
}

/** Behind the heads; nothing where only its mode or its name changed. */
function hunksOf(part: string): string {
  const begin = part.indexOf("\n@@ ");
  return begin < 0 ? "" : part.slice(begin + 1);
}
