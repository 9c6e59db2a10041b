import { type RootBody, SELF, SELF_PATHS, type SnapshotBody, type TargetsBody } from "./metadata-bodies.ts";

export interface AcceptedMetadata {
  readonly root: RootBody;
  readonly snapshot: SnapshotBody;
  readonly targets: TargetsBody;
  readonly self: TargetsBody | undefined;
}

/**
 * What TUF allows and this product does not, in a sentence; undefined where nothing speaks against it. Signatures, versions and times were judged before. Pure.
 *
 * - A role that two others hand to, or that hands on itself: a library may take what it read for one as read for the other (a diamond).
 * - One key under two ids, or in two places of a role: it would count twice towards the threshold.
 * - A path that both `targets` and `self` could mean otherwise than `self/*`.
 */
export function findLayoutProblem({ root, targets, self }: AcceptedMetadata): string | undefined {
  for (const role of ["root", "targets", "snapshot", "timestamp"] as const) {
    const because = findKeyProblem(role, root.roles[role].keyids, root.keys);
    if (because !== undefined) return because;
  }
  return findDelegationProblem(targets) ?? findSelfProblem(self);
}

function findDelegationProblem({ delegations }: TargetsBody): string | undefined {
  if (delegations === undefined) return undefined;
  const names = delegations.roles.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) return `targets hands on to ${JSON.stringify(twice)} twice`;
  const unknown = names.find((name) => name !== SELF);
  if (unknown !== undefined) return `targets hands on to ${JSON.stringify(unknown.slice(0, 60))}, which is no role that is known here`;
  const [role] = delegations.roles;
  if (role === undefined) return undefined;
  if (JSON.stringify(role.paths) !== JSON.stringify(SELF_PATHS)) return `targets hands on more than ${SELF_PATHS[0]}`;
  return findKeyProblem(SELF, role.keyids, delegations.keys);
}

function findSelfProblem(self: TargetsBody | undefined): string | undefined {
  if (self?.delegations !== undefined) return `${SELF} hands on to others, which it may not`;
  return undefined;
}

function findKeyProblem(role: string, keyIds: readonly string[], keys: RootBody["keys"]): string | undefined {
  if (new Set(keyIds).size !== keyIds.length) return `${role} names one key twice`;
  const publicParts = keyIds.map((keyId) => keys[keyId]?.keyval.public.toLowerCase());
  return new Set(publicParts).size === keyIds.length ? undefined : `${role} has one key under two names, or names one that is not there`;
}
