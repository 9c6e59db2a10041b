import { RELEASE_LIMITS, type ReleaseLimits } from "./release-manifest.ts";
import type { MetadataLimits } from "./run-updater.ts";

export interface ClientLimits extends MetadataLimits {
  /** From the first question to the last byte, of one refresh or one download. */
  readonly deadlineMs: number;
  /** Of all metadata that one refresh reads. */
  readonly metadataBytes: number;
  /** Of one packed release. */
  readonly targetBytes: number;
  readonly release: ReleaseLimits;
}

export const CLIENT_LIMITS: ClientLimits = {
  deadlineMs: 600_000,
  rootBytes: 512_000,
  timestampBytes: 16_384,
  snapshotBytes: 1_000_000,
  targetsBytes: 8_000_000,
  metadataBytes: 32_000_000,
  targetBytes: 1_024 ** 3,
  release: RELEASE_LIMITS,
};
