import { InstarError, type TrustVersions } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import { versionsOf } from "./advance-draft.ts";
import { DAY_MS, EXPIRY_DAYS, planSnapshot, planTimestamp } from "./plan-metadata.ts";
import { assertSigned, type RepositoryState, readRepository } from "./read-repository.ts";
import { type RepositoryWrite, type WriteFile, withRepositoryLock, writeInOrder, writePublicly } from "./repository-disk.ts";
import { isSigned, renderDocument, ruleOfRoot, signDocument } from "./signed-document.ts";
import { readKeyFolder, type SigningKey } from "./signing-keys.ts";

export interface RefreshQuestion {
  readonly folder: string;
  /** Holds timestamp.pem, and snapshot.pem for when the snapshot is due. */
  readonly keysFolder: string;
  readonly clock: Pick<Clock, "wallMs">;
  readonly write?: WriteFile | undefined;
}

/**
 * Says once more, for a day, that what is published is the newest; and renews the snapshot where half of its time is over. Changes nothing else. Run it more
 * often than once a day.
 *
 * @throws InstarError FORBIDDEN where a key is missing, otherwise as `publishRelease`
 */
export function refreshTimestamp({ folder, keysFolder, clock, write = writePublicly }: RefreshQuestion): Promise<TrustVersions> {
  return withRepositoryLock(folder, async () => {
    const state = await readRepository(folder);
    assertSigned(state);
    const plan = planRefresh(state, await readKeyFolder(keysFolder), clock.wallMs());
    await writeInOrder(folder, plan.writes, write);
    return versionsOf(plan.state);
  });
}

function planRefresh(state: RepositoryState, keys: readonly SigningKey[], nowMs: number): { writes: RepositoryWrite[]; state: RepositoryState } {
  const root = state.root.signed;
  const keysOf = (role: "snapshot" | "timestamp") => keys.filter(({ keyId }) => root.roles[role].keyids.includes(keyId));
  const isDue = Date.parse(state.snapshot.signed.expires) - nowMs < (EXPIRY_DAYS.snapshot * DAY_MS) / 2;
  const version = Math.max(state.taken.snapshot, state.snapshot.signed.version) + 1;
  const snapshot = isDue
    ? signDocument({ signed: planSnapshot(state.targets, state.self, { version, nowMs }), signatures: [] }, keysOf("snapshot"))
    : state.snapshot;
  const signed = planTimestamp(snapshot, { version: state.timestamp.signed.version + 1, nowMs });
  const timestamp = signDocument({ signed, signatures: [] }, keysOf("timestamp"));
  if (!isSigned(snapshot, ruleOfRoot(root, "snapshot"))) throw missingKey("snapshot");
  if (!isSigned(timestamp, ruleOfRoot(root, "timestamp"))) throw missingKey("timestamp");
  return {
    writes: [
      ...(isDue ? [{ path: `metadata/${version}.snapshot.json`, bytes: renderDocument(snapshot) }] : []),
      { path: "metadata/timestamp.json", bytes: renderDocument(timestamp) },
    ],
    state: { ...state, snapshot, timestamp },
  };
}

const missingKey = (role: string) =>
  new InstarError("FORBIDDEN", `the key of ${role} is not among the keys at hand`, { facts: { role }, advice: `Put ${role}.pem into the folder of keys.` });
