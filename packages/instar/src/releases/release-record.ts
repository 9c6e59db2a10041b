import { InstarError } from "@instar/protocol";
import { z } from "zod";

const releaseFacts = z.strictObject({
  version: z.string(),
  commit: z.string(),
  /** Of our own making, where files that were changed by hand were carried over: its tree was built, `commit` is upstream's. */
  merged: z.string().optional(),
  author: z.string(),
  /** When it was committed, ISO 8601. */
  at: z.string(),
  changes: z.array(z.string()).readonly(),
  /** What the two versions promise by semver. */
  updateType: z.enum(["none", "patch", "minor", "major", "unknown", "downgrade"]),
  /** The release it followed; null for the first. */
  previous: z.string().nullable(),
  /** Where to go back to when it misbehaves; null where there is nowhere. */
  wayBack: z.strictObject({ release: z.string(), commit: z.string() }).nullable(),
  /** Of the settings it was built under. */
  settingsDigest: z.string(),
});

const releaseRecord = releaseFacts.extend({
  id: z.string(),
  /** `sha256:…` over the canonical manifest: what runs is known by this, not by its commit. */
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  files: z.int().min(0),
  sizeBytes: z.int().min(0),
  sealedAt: z.string(),
});

/** What the caller knows of a release when it is sealed. */
export type ReleaseFacts = z.output<typeof releaseFacts>;
/** The version record, `release.json`. */
export type ReleaseRecord = z.output<typeof releaseRecord>;

/** @throws InstarError DATA_DAMAGED */
export function parseReleaseRecord(id: string, value: unknown): ReleaseRecord {
  const parsed = releaseRecord.safeParse(value);
  if (parsed.success && parsed.data.id === id) return parsed.data;
  throw new InstarError("DATA_DAMAGED", `the record of release ${id} is not as it was written`, {
    ...(parsed.success ? {} : { cause: parsed.error }),
    facts: { release: id },
  });
}

/**
 * Release ids become folder names and parts of command lines.
 *
 * @throws InstarError INPUT_INVALID
 */
export function assertReleaseId(id: string): string {
  if (isReleaseId(id)) return id;
  throw new InstarError("INPUT_INVALID", `${JSON.stringify(id)} cannot be a release's id`);
}

export function isReleaseId(id: string): boolean {
  return /^[0-9A-Za-z][0-9A-Za-z.+_-]{0,127}$/.test(id) && !id.includes("..");
}
