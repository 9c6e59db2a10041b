import { isDeepStrictEqual } from "node:util";
import type { MissingSignatures, TrustRole } from "@instar/protocol";
import type { Draft } from "./draft.ts";
import { type Body, SELF } from "./metadata-bodies.ts";
import { planSnapshot, planTimestamp } from "./plan-metadata.ts";
import type { RepositoryState } from "./read-repository.ts";
import type { RepositoryWrite } from "./repository-disk.ts";
import { listSigners, renderDocument, ruleOfDelegation, ruleOfRoot, type SignedDocument, type SigningRule, signDocument } from "./signed-document.ts";
import type { SigningKey } from "./signing-keys.ts";

export type Publication =
  | { readonly kind: "writes"; readonly writes: readonly RepositoryWrite[]; readonly state: RepositoryState }
  | { readonly kind: "waiting"; readonly missing: readonly MissingSignatures[] }
  | { readonly kind: "stale"; readonly because: string };

/** What of a draft is not published yet; the parts that are lie there as they are in the draft. */
export type DraftStanding =
  | { readonly kind: "fresh"; readonly left: readonly ("root" | "targets" | "self")[] }
  | { readonly kind: "stale"; readonly because: string };

/**
 * The writes that publish a draft, in the order in which they must be made; or whose signatures are missing; or why it can never be published. Files that
 * clients do not look for yet come first, then the timestamp that makes them look, and a new root last: what is written before it is signed by the keys that
 * count before and after, so that a client accepts whatever it finds in between. Pure, and the same answer each time.
 */
export function planPublication(state: RepositoryState, draft: Draft, keys: readonly SigningKey[], nowMs: number): Publication {
  const standing = judgeDraft(state, draft);
  if (standing.kind === "stale") return standing;
  const next = {
    root: draft.documents.root ?? state.root,
    targets: draft.documents.targets ?? state.targets,
    self: draft.documents.self ?? state.self,
  };
  const missing = findMissing(state, draft, standing.left);
  const roots = draft.documents.root === undefined ? [state.root.signed] : [state.root.signed, next.root.signed];
  const online = (["snapshot", "timestamp"] as const).map((role) => ({
    role,
    rules: roots.map((root) => ruleOfRoot(root, role)),
    keys: keys.filter(({ keyId }) => roots.some((root) => root.roles[role].keyids.includes(keyId))),
  }));
  const [snapshotKeys, timestampKeys] = online.map((each) => each.keys);
  const snapshot = signDocument(
    { signed: planSnapshot(next.targets, next.self, { version: Math.max(state.taken.snapshot, state.snapshot.signed.version) + 1, nowMs }), signatures: [] },
    snapshotKeys ?? [],
  );
  const timestamp = signDocument(
    { signed: planTimestamp(snapshot, { version: state.timestamp.signed.version + 1, nowMs }), signatures: [] },
    timestampKeys ?? [],
  );
  for (const { role, rules } of online)
    for (const [index, rule] of rules.entries())
      if (index === rules.length - 1 || !draft.lost.includes(role))
        missing.push(...describeMissing(role, index === 0 ? "present keys" : "new keys", role === "snapshot" ? snapshot : timestamp, rule));
  if (missing.length > 0) return { kind: "waiting", missing };

  const writes = [
    ...(["targets", "self"] as const)
      .filter((role) => standing.left.includes(role))
      .map((role) => ({ path: `metadata/${next[role].signed.version}.${role}.json`, bytes: renderDocument(next[role]) })),
    { path: `metadata/${snapshot.signed.version}.snapshot.json`, bytes: renderDocument(snapshot) },
    { path: "metadata/timestamp.json", bytes: renderDocument(timestamp) },
    ...(standing.left.includes("root") ? [{ path: `metadata/${next.root.signed.version}.root.json`, bytes: renderDocument(next.root) }] : []),
  ];
  return { kind: "writes", writes, state: { ...state, ...next, snapshot, timestamp, unsigned: [] } };
}

/** Whether a draft still fits what is published. One that was published in part before a crash still does. Pure. */
export function judgeDraft(state: RepositoryState, draft: Draft): DraftStanding {
  const left: ("root" | "targets" | "self")[] = [];
  for (const role of ["root", "targets", "self"] as const) {
    const document = draft.documents[role];
    if (document === undefined) {
      if (isBasis(role, draft) && state[role].signed.version !== draft.base[role])
        return { kind: "stale", because: `it was made when ${role} had version ${draft.base[role]}, and it has ${state[role].signed.version} now` };
      continue;
    }
    if (isDeepStrictEqual(state[role].signed, document.signed)) continue;
    if (state[role].signed.version !== draft.base[role])
      return { kind: "stale", because: `it was made when ${role} had version ${draft.base[role]}, and it has ${state[role].signed.version} now` };
    left.push(role);
  }
  return { kind: "fresh", left };
}

/** A new root says who may sign targets, so it is void with the root that it was made for; another's targets it leaves alone. */
const isBasis = (role: "root" | "targets" | "self", draft: Draft) => role === "root" && Object.keys(draft.documents).length > 0;

function findMissing(state: RepositoryState, draft: Draft, left: readonly ("root" | "targets" | "self")[]): MissingSignatures[] {
  return listRules(state, draft)
    .filter(({ role }) => left.includes(role))
    .flatMap(({ role, of, document, rule }) => describeMissing(role, of, document, rule));
}

interface NeededRule {
  readonly role: "root" | "targets" | "self";
  readonly of: MissingSignatures["of"];
  readonly document: SignedDocument<Body>;
  readonly rule: SigningRule;
}

/** Every rule that a draft's documents must satisfy, before and after. TUF 5.3.4 and 5.3.5 ask both of a root. */
export function listRules(state: RepositoryState, { documents, lost }: Draft): NeededRule[] {
  const { root, targets, self } = documents;
  const rules: NeededRule[] = [];
  if (root !== undefined) {
    rules.push({ role: "root", of: "present keys", document: root, rule: ruleOfRoot(state.root.signed, "root") });
    rules.push({ role: "root", of: "new keys", document: root, rule: ruleOfRoot(root.signed, "root") });
  }
  if (targets !== undefined) {
    if (root === undefined || !lost.includes("targets"))
      rules.push({ role: "targets", of: "present keys", document: targets, rule: ruleOfRoot(state.root.signed, "targets") });
    if (root !== undefined) rules.push({ role: "targets", of: "new keys", document: targets, rule: ruleOfRoot(root.signed, "targets") });
  }
  const delegation = ruleOfDelegation((targets ?? state.targets).signed, SELF);
  if (self !== undefined && delegation !== undefined)
    rules.push({ role: "self", of: targets === undefined ? "present keys" : "new keys", document: self, rule: delegation });
  return rules;
}

export function describeMissing(role: TrustRole, of: MissingSignatures["of"], document: SignedDocument<Body>, rule: SigningRule): MissingSignatures[] {
  const signers = listSigners(document, rule);
  if (signers.length >= rule.threshold) return [];
  return [{ role, of, have: signers.length, threshold: rule.threshold, keyIds: rule.keyIds.filter((keyId) => !signers.includes(keyId)) }];
}
