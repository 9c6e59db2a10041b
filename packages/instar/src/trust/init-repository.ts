import { InstarError, type TrustRole, type TrustView } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import { describeRepository } from "./describe-repository.ts";
import { nameKeys, type TrustLayout } from "./plan-layout.ts";
import { planFirstRoot, planFirstSelf, planFirstTargets, planSnapshot, planTimestamp } from "./plan-metadata.ts";
import { listNames, placesIn, type RepositoryWrite, type WriteFile, withRepositoryLock, writeInOrder, writePublicly } from "./repository-disk.ts";
import { renderDocument, signDocument } from "./signed-document.ts";
import { makeKey, type SigningKey } from "./signing-keys.ts";

export interface InitQuestion {
  /** Where the repository is made: nothing of one may be there. */
  readonly folder: string;
  /** Where the keys are made, one file each. Afterwards a person moves all but snapshot.pem and timestamp.pem to where no machine of the repository reads. */
  readonly keysFolder: string;
  readonly layout: TrustLayout;
  readonly clock: Pick<Clock, "wallMs">;
  readonly write?: WriteFile | undefined;
}

/**
 * Makes the keys and the first metadata. Agents are given metadata/1.root.json as what they trust from the start.
 * A crash leaves keys, which the next call uses, and files without a timestamp, which it writes anew.
 *
 * @throws InstarError CONFLICT where a repository is there already; as `readKeyFolder`; DISK_FULL, PLATFORM_FAILED
 */
export function initRepository({ folder, keysFolder, layout, clock, write = writePublicly }: InitQuestion): Promise<TrustView> {
  return withRepositoryLock(folder, async () => {
    if ((await listNames(placesIn(folder).metadata)).includes("timestamp.json"))
      throw new InstarError("CONFLICT", `there is a repository in ${folder} already`, { facts: { folder } });
    const keys = await makeKeys(keysFolder, layout);
    await writeInOrder(folder, planFirstMetadata(keys, layout, clock.wallMs()), write);
    return describeRepository({ folder, clock });
  });
}

type Keys = Record<TrustRole, SigningKey[]>;

async function makeKeys(folder: string, layout: TrustLayout): Promise<Keys> {
  const keys: Keys = { root: [], targets: [], self: [], snapshot: [], timestamp: [] };
  for (const [role, names] of Object.entries(nameKeys(layout)) as [TrustRole, readonly string[]][])
    for (const name of names) keys[role].push(await makeKey(folder, name));
  return keys;
}

function planFirstMetadata(keys: Keys, layout: TrustLayout, nowMs: number): RepositoryWrite[] {
  const first = { version: 1, nowMs };
  const root = signDocument({ signed: planFirstRoot(keys, layout, nowMs), signatures: [] }, keys.root);
  const targets = signDocument({ signed: planFirstTargets(keys, layout, nowMs), signatures: [] }, keys.targets);
  const self = signDocument({ signed: planFirstSelf(nowMs), signatures: [] }, keys.self);
  const snapshot = signDocument({ signed: planSnapshot(targets, self, first), signatures: [] }, keys.snapshot);
  const timestamp = signDocument({ signed: planTimestamp(snapshot, first), signatures: [] }, keys.timestamp);
  return [
    { path: "metadata/1.root.json", bytes: renderDocument(root) },
    { path: "metadata/1.targets.json", bytes: renderDocument(targets) },
    { path: "metadata/1.self.json", bytes: renderDocument(self) },
    { path: "metadata/1.snapshot.json", bytes: renderDocument(snapshot) },
    { path: "metadata/timestamp.json", bytes: renderDocument(timestamp) },
  ];
}
