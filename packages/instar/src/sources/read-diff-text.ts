import { InstarError } from "@instar/protocol";
import type { GitMirror } from "./git-mirror.ts";

const READ_BYTES = 4 * 1_024 ** 2;

/**
 * What changed between two commits as a unified diff, its beginning where it is long; null where it is so long that its beginning would tell nothing. Nothing that
 * a repository's settings or attributes say is run for it.
 */
export async function readDiffText(mirror: GitMirror, from: string, to: string, limitBytes: number, signal?: AbortSignal): Promise<string | null> {
  const options = ["-r", "-p", "-M", "--no-commit-id", "--no-color", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none"];
  try {
    const { stdout } = await mirror.run(["diff-tree", ...options, from, to], { signal, maxBytes: READ_BYTES });
    return stdout.subarray(0, limitBytes).toString("utf8").toWellFormed();
  } catch (error) {
    if (InstarError.is(error, "PLATFORM_FAILED") && error.message.includes("gave more than")) return null;
    throw error;
  }
}
