import { InstarError } from "@instar/protocol";
import { type TargetFile, Updater } from "tuf-js";
import { explainFileError } from "../platform/durable-files.ts";
import type { BoundedFetcher } from "./bounded-fetcher.ts";

export interface UpdaterParts {
  /** With a root.json in it; tuf-js reads and writes here. */
  readonly staging: string;
  readonly metadataUrl: string;
  readonly targetUrl?: string | undefined;
  readonly targetFolder?: string | undefined;
  readonly fetcher: BoundedFetcher;
  readonly limits: MetadataLimits;
  /** By which time metadata are judged to be expired. */
  readonly wallMs: number;
}

/** Of one file each. */
export interface MetadataLimits {
  readonly rootBytes: number;
  readonly timestampBytes: number;
  readonly snapshotBytes: number;
  readonly targetsBytes: number;
}

export type { TargetFile };

/**
 * tuf-js with our fetcher, our limits and our time. `forceCache` is never set: with it a client goes on with what it has and does not ask.
 *
 * @throws InstarError PACKAGE_REFUSED where root.json is none that can be trusted
 */
export function openUpdater({ staging, metadataUrl, targetUrl, targetFolder, fetcher, limits, wallMs }: UpdaterParts): Updater {
  const updater = explained(
    () =>
      new Updater({
        metadataDir: staging,
        metadataBaseUrl: metadataUrl,
        ...(targetUrl === undefined ? {} : { targetBaseUrl: targetUrl }),
        ...(targetFolder === undefined ? {} : { targetDir: targetFolder }),
        fetcher,
        config: {
          rootMaxLength: limits.rootBytes,
          timestampMaxLength: limits.timestampBytes,
          snapshotMaxLength: limits.snapshotBytes,
          targetsMaxLength: limits.targetsBytes,
        },
      }),
  );
  setReferenceTime(updater, wallMs);
  return updater;
}

/** Runs a question to tuf-js; what it throws comes out as one of our errors, and what the fetcher met goes before what tuf-js made of it. */
export async function askUpdater<T>(fetcher: BoundedFetcher, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw fetcher.failure ?? explainUpdaterError(error);
  }
}

/**
 * tuf-js asks the machine for the time when it is built, and has no parameter for it. If it ever keeps the time elsewhere, nothing is trusted rather than
 * judged by a clock that nobody checked.
 */
function setReferenceTime(updater: Updater, wallMs: number): void {
  const { trustedSet } = updater as unknown as { trustedSet?: { referenceTime?: unknown } };
  if (!(trustedSet?.referenceTime instanceof Date)) throw new InstarError("PLATFORM_FAILED", "the TUF library does not keep its time where it did");
  trustedSet.referenceTime = new Date(wallMs);
}

function explained<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw explainUpdaterError(error);
  }
}

/** Why metadata or a target is refused, in `facts.reason`. An expiry deserves an alarm: somebody may be holding updates back. */
export type RefusalReason = "expired" | "older" | "unsigned" | "altered" | "malformed" | "too-large" | "clock" | "layout" | "wrong-release";

/** tuf-js keeps of many causes only the text. The texts are its own: what the repository wrote never stands before the words that are looked for. */
function explainUpdaterError(error: unknown): InstarError {
  if (InstarError.is(error)) return error;
  const said = error instanceof Error ? error.message : String(error);
  if (/ENOSPC|EDQUOT/.test(said)) return explainFileError(Object.assign(new Error(said), { code: "ENOSPC" }), "could not keep the metadata");
  const errno = error as NodeJS.ErrnoException;
  if (errno.syscall !== undefined) return explainFileError(error, "could not keep the metadata");
  const reason = reasonOf(said);
  return new InstarError("PACKAGE_REFUSED", `the repository is not to be trusted now: ${WORDS[reason]}`, { cause: error, facts: { reason } });
}

function reasonOf(said: string): keyof typeof WORDS {
  if (/is expired/.test(said)) return "expired";
  if (/is less than current version|Expected version|does not match snapshot version|doesn't match timestamp|Missing (file|\S+\.json)/.test(said))
    return "older";
  if (/was signed by \d+\/\d+ keys|no delegation found|multiple signatures/.test(said)) return "unsigned";
  if (/Expected (length|hash)|Hash algorithm/.test(said)) return "altered";
  return "malformed";
}

const WORDS = {
  expired: "its word has expired, so newer ones may be held back",
  older: "its files do not belong together, or are older than what was seen",
  unsigned: "a file lacks good signatures of the keys that count",
  altered: "a file is not the one that was signed",
  malformed: "a file is not what it should be",
} satisfies Partial<Record<RefusalReason, string>>;
