import { InstarError, type TrustDraftOutcome, type TrustRole } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import { advanceDraft } from "./advance-draft.ts";
import { type Draft, makeDraft } from "./draft.ts";
import { nextVersion } from "./make-targets-draft.ts";
import { type RoleBody, type RootBody, SELF, type TargetsBody } from "./metadata-bodies.ts";
import { expiresAt } from "./plan-metadata.ts";
import { assertSigned, type RepositoryState, readRepository } from "./read-repository.ts";
import { type WriteFile, withRepositoryLock, writePublicly } from "./repository-disk.ts";
import { type PublicKey, readKeyFolder } from "./signing-keys.ts";

export interface RoleChange {
  readonly role: TrustRole;
  readonly add?: readonly { readonly keyId: string; readonly publicKey: PublicKey }[] | undefined;
  /** Ids of keys that shall not count any more. */
  readonly remove?: readonly string[] | undefined;
  readonly threshold?: number | undefined;
  /** The present keys cannot sign any more (lost or stolen): the role is signed by the new ones alone. Not for root, whose present keys must always agree. */
  readonly isLost?: boolean | undefined;
}

export interface RotateQuestion {
  readonly folder: string;
  readonly keysFolder: string;
  /** None: nothing changes but the expiry of root, targets and self. */
  readonly changes: readonly RoleChange[];
  readonly clock: Pick<Clock, "wallMs">;
  readonly write?: WriteFile | undefined;
}

/**
 * Changes which keys count. The new root is signed by the present threshold and by the new one, as TUF asks, and every root stays on disk: an agent that slept
 * walks through all of them. What the changed roles sign is signed anew by old keys and new. Where signatures are missing, all of it waits as one draft.
 *
 * @throws InstarError INPUT_INVALID where a change leaves a role without enough keys, otherwise as `publishRelease`
 */
export function rotateKeys({ folder, keysFolder, changes, clock, write = writePublicly }: RotateQuestion): Promise<TrustDraftOutcome> {
  return withRepositoryLock(folder, async () => {
    const state = await readRepository(folder);
    // One that is to be signed by new keys alone need not be signed well now.
    if (!changes.some(({ isLost }) => isLost)) assertSigned(state);
    const draft = planRotation(state, changes, clock.wallMs());
    return advanceDraft({ folder, state, keys: await readKeyFolder(keysFolder), nowMs: clock.wallMs(), write }, draft);
  });
}

/** @throws InstarError INPUT_INVALID */
function planRotation(state: RepositoryState, changes: readonly RoleChange[], nowMs: number): Draft {
  const named = new Set(changes.map(({ role }) => role));
  if (named.size < changes.length) throw new InstarError("INPUT_INVALID", "each role may be changed once in a rotation");
  const renewsAll = changes.length === 0;
  const root = planRoot(state.root.signed, changes, nowMs);
  const targets = planTargetsRole(state, changes, nowMs);
  const self: TargetsBody = { ...state.self.signed, version: nextVersion(state, "self"), expires: expiresAt("self", nowMs) };
  const base = { root: state.root.signed.version, targets: state.targets.signed.version, self: state.self.signed.version };
  const changesSelf = renewsAll || named.has("self");
  const changesRoot = renewsAll || [...named].some((role) => role !== "self");
  return makeDraft({
    purpose: renewsAll ? "renew what people sign" : `change the keys of ${[...named].join(", ")}`,
    createdAt: new Date(nowMs).toISOString(),
    base,
    documents: {
      ...(changesRoot ? { root: { signed: root, signatures: [] } } : {}),
      ...(changesSelf || named.has("targets") ? { targets: { signed: targets, signatures: [] } } : {}),
      ...(changesSelf ? { self: { signed: self, signatures: [] } } : {}),
    },
    lost: changes.flatMap(({ role, isLost }) => (isLost === true ? [assertMayBeLost(role)] : [])),
  });
}

function assertMayBeLost(role: TrustRole): "targets" | "snapshot" | "timestamp" {
  if (role === "root")
    throw new InstarError("INPUT_INVALID", "the present keys of root must sign the new root; if too few are left, agents must be given a new root by hand");
  if (role === "self") throw new InstarError("INPUT_INVALID", "the keys of self never sign the change of themselves: targets does");
  return role;
}

function planRoot(last: RootBody, changes: readonly RoleChange[], nowMs: number): RootBody {
  const roles = { ...last.roles };
  let keys = { ...last.keys };
  for (const change of changes) {
    if (change.role === "self") continue;
    roles[change.role] = changeRole(last.roles[change.role], change);
    keys = { ...keys, ...Object.fromEntries((change.add ?? []).map(({ keyId, publicKey }) => [keyId, publicKey])) };
  }
  const used = new Set([roles.root, roles.targets, roles.snapshot, roles.timestamp].flatMap(({ keyids }) => keyids));
  keys = Object.fromEntries(Object.entries(keys).filter(([keyId]) => used.has(keyId)));
  return { ...last, version: last.version + 1, expires: expiresAt("root", nowMs), keys, roles };
}

function planTargetsRole(state: RepositoryState, changes: readonly RoleChange[], nowMs: number): TargetsBody {
  const last = state.targets.signed;
  const next = { ...last, version: nextVersion(state, "targets"), expires: expiresAt("targets", nowMs) };
  const change = changes.find(({ role }) => role === "self");
  if (change === undefined || last.delegations === undefined) return next;
  const roles = last.delegations.roles.map((role) => (role.name === SELF ? { ...role, ...changeRole(role, change) } : role));
  const used = new Set(roles.flatMap(({ keyids }) => keyids));
  const all = { ...last.delegations.keys, ...Object.fromEntries((change.add ?? []).map(({ keyId, publicKey }) => [keyId, publicKey])) };
  return { ...next, delegations: { keys: Object.fromEntries(Object.entries(all).filter(([keyId]) => used.has(keyId))), roles } };
}

function changeRole(role: RoleBody, { role: name, add = [], remove = [], threshold = role.threshold }: RoleChange): RoleBody {
  const unknown = remove.find((keyId) => !role.keyids.includes(keyId));
  if (unknown !== undefined) throw new InstarError("INPUT_INVALID", `${unknown} is no key of ${name}`);
  const keyids = [...new Set([...role.keyids.filter((keyId) => !remove.includes(keyId)), ...add.map(({ keyId }) => keyId)])];
  if (!Number.isInteger(threshold) || threshold < 1 || threshold > keyids.length)
    throw new InstarError("INPUT_INVALID", `${name} would have ${keyids.length} keys, of which ${threshold} must sign`);
  return { ...role, keyids, threshold };
}
