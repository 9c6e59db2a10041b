export interface SpaceQuestion {
  /** What the snapshot itself may take at most: every byte that is not known to lie in the store already. */
  readonly keptBytes: number;
  /** Copies and dumps that are made first, and are gone when it is done. */
  readonly stagedBytes: number;
  readonly freeBytes: number;
  /** Set aside for going back, where it is not on the disk at this moment. */
  readonly reserveBytes: number;
}

export type SpacePlan = {
  readonly needsBytes: number;
  readonly spareBytes: number;
} & ({ readonly kind: "enough" } | { readonly kind: "short"; readonly because: string });

/** Manifests, folders, and blocks that are not full. */
const OVERHEAD_SHARE = 0.02;
const OVERHEAD_BYTES = 1_048_576;

/** Whether there is room, at the worst, before anything is written. Pure. */
export function planBackupSpace({ keptBytes, stagedBytes, freeBytes, reserveBytes }: SpaceQuestion): SpacePlan {
  const bare = keptBytes + stagedBytes;
  const needsBytes = Math.ceil(bare * (1 + OVERHEAD_SHARE)) + OVERHEAD_BYTES;
  const spareBytes = Math.max(0, freeBytes - reserveBytes);
  if (needsBytes <= spareBytes) return { kind: "enough", needsBytes, spareBytes };
  return {
    kind: "short",
    needsBytes,
    spareBytes,
    because: `up to ${inMiB(needsBytes)} are needed, and ${inMiB(spareBytes)} are to be had (${inMiB(freeBytes)} free, ${inMiB(reserveBytes)} of them set aside for going back)`,
  };
}

const inMiB = (bytes: number) => `${Math.ceil(bytes / 1_048_576)} MiB`;
