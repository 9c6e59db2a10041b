import { cp, lstat, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { explainFileError, removeTree, writeFileDurably } from "../../../platform/durable-files.ts";
import { planReleaseAbout } from "./plan-release-about.ts";
import { readShortFile } from "./read-short-file.ts";
import type { TrustParts } from "./trust-parts.ts";
import type { ReleaseFlags } from "./trust-question.ts";

const LONGEST_PACKAGE_BYTES = 1_048_576;

/**
 * Does something with a release that says what it is: the one given, or a private copy with a release.json, which is removed again.
 * A crash leaves the copy among the system's temporary files.
 *
 * @throws InstarError INPUT_INVALID where flags and release.json both say what it is, or neither does; PACKAGE_REFUSED, DISK_FULL, PLATFORM_FAILED
 */
export async function withDescribedRelease<T>(
  { release, flags }: { readonly release: string; readonly flags: ReleaseFlags },
  parts: Pick<TrustParts, "describeRelease">,
  act: (release: string) => Promise<T>,
): Promise<T> {
  const described = await findDescription(release);
  const said = Object.keys(flags).map((flag) => `--${flag}`);
  if (described !== null) {
    if (said.length === 0) return act(release);
    throw new InstarError("INPUT_INVALID", `${described} already, and ${said.join(", ")} would say it again`, {
      advice: "Leave the flags out, or remove its release.json.",
    });
  }
  const about = planReleaseAbout(flags, await readShortFile(join(release, "package.json"), LONGEST_PACKAGE_BYTES));
  // Judged before it is copied: a link or a tree without end must not be followed into the copy.
  await parts.describeRelease(release, about);
  const copy = await mkdtemp(join(tmpdir(), "instar-release-"));
  try {
    await cp(release, copy, { recursive: true, verbatimSymlinks: true }).catch((error: unknown) => {
      throw explainFileError(error, `could not copy ${release}`);
    });
    // And of the copy again: what is published is what lies there, whatever became of the original.
    await writeFileDurably(join(copy, "release.json"), await parts.describeRelease(copy, about), 0o644);
    return await act(copy);
  } finally {
    await removeTree(copy);
  }
}

/** In words where the release says itself what it is; null for a folder that does not. */
async function findDescription(release: string): Promise<string | null> {
  const found = await lstat(release).catch((error: unknown) => {
    throw explainFileError(error, `could not look at ${release}`);
  });
  if (!found.isDirectory()) return "an archive says what it is";
  const manifest = await lstat(join(release, "release.json")).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw explainFileError(error, `could not look at ${release}`);
  });
  return manifest === null ? null : "its release.json says what it is";
}
