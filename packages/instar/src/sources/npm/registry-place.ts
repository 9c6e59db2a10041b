import type { Clock } from "../../platform/clock.ts";
import type { ArchiveLimits } from "../archive/archive-chunks.ts";

/** A registry, and what is asked of it at most. */
export interface RegistryPlace {
  /** Ends in a slash: a registry may lie in a folder of its host. */
  readonly registry: URL;
  /** Asked before every question, so that a new token counts at once. */
  readonly readToken: (() => Promise<string | null>) | undefined;
  readonly clock: Clock;
  readonly limits: NpmLimits;
}

export interface NpmLimits {
  /** Of what the registry says of a package. */
  readonly packumentBytes: number;
  readonly tarballBytes: number;
  readonly unpacked: Partial<ArchiveLimits>;
  /** For one answer, whole. */
  readonly lookMs: number;
  readonly downloadMs: number;
  /** Without a byte. */
  readonly idleMs: number;
}
