import type { LedgerStatement } from "../../ledger/ledger-entry.ts";

interface SeenFile {
  readonly version: number;
}

/** What was seen of a repository, as far as the history tells it. */
export interface SeenTrust {
  readonly atMs: number;
  readonly root: SeenFile;
  readonly targets: SeenFile;
  readonly timestamp: SeenFile;
  readonly self?: SeenFile | undefined;
}

/**
 * What the ledger says of newer metadata; null where nothing advanced but the time: a repository signs that anew each day, and each of it would be an entry.
 * Pure.
 */
export function planTrustAdvance(before: SeenTrust | null, after: SeenTrust): LedgerStatement | null {
  const isSame =
    before !== null &&
    before.root.version === after.root.version &&
    before.targets.version === after.targets.version &&
    before.self?.version === after.self?.version;
  if (isSame) return null;
  const { root, targets, timestamp, self, atMs } = after;
  return {
    event: "TRUST_ADVANCED",
    actor: { type: "system", id: "daemon" },
    description: `the registry's signed metadata are now root ${root.version}, targets ${targets.version}${self === undefined ? "" : `, self ${self.version}`}`,
    success: true,
    details: {
      root: root.version,
      targets: targets.version,
      ...(self === undefined ? {} : { self: self.version }),
      timestamp: timestamp.version,
      at: new Date(atMs).toISOString(),
    },
  };
}
