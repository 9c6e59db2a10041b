import type { ListedRelease, TrustDraftView, TrustRole, TrustRoleView, TrustView } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import { type Draft, listDrafts } from "./draft.ts";
import { customSchema, SELF } from "./metadata-bodies.ts";
import { describeCosts } from "./plan-layout.ts";
import { DAY_MS, EXPIRY_DAYS } from "./plan-metadata.ts";
import { describeMissing, judgeDraft, listRules } from "./plan-publication.ts";
import { type RepositoryState, readRepository } from "./read-repository.ts";
import { ruleOfDelegation, ruleOfRoot, type SigningRule } from "./signed-document.ts";

/** @throws InstarError NOT_FOUND, DATA_DAMAGED, PLATFORM_FAILED */
export async function describeRepository({ folder, clock }: { readonly folder: string; readonly clock: Pick<Clock, "wallMs"> }): Promise<TrustView> {
  const state = await readRepository(folder);
  return renderView(state, await listDrafts(folder), clock.wallMs());
}

function renderView(state: RepositoryState, drafts: readonly Draft[], nowMs: number): TrustView {
  const roles = (["root", "targets", "self", "snapshot", "timestamp"] as const).map((name) => describeRole(state, name, nowMs));
  return { roles, releases: listReleases(state), drafts: drafts.map((draft) => describeDraft(state, draft)), warnings: listWarnings(roles) };
}

function describeRole(state: RepositoryState, name: TrustRole, nowMs: number): TrustRoleView {
  const { version, expires } = state[name].signed;
  const rule = ruleOf(state, name);
  const leftMs = Date.parse(expires) - nowMs;
  const isUnsigned = name !== "root" && state.unsigned.includes(name);
  const judged = leftMs <= 0 ? "expired" : leftMs < (EXPIRY_DAYS[name] * DAY_MS) / 3 ? "due" : "good";
  return { name, version, threshold: rule.threshold, keyIds: rule.keyIds, expiresAt: expires, state: isUnsigned ? "unsigned" : judged };
}

function ruleOf({ root, targets }: RepositoryState, name: TrustRole): SigningRule {
  if (name !== "self") return ruleOfRoot(root.signed, name);
  return ruleOfDelegation(targets.signed, SELF) ?? { keys: {}, keyIds: [], threshold: 1 };
}

function listReleases({ targets, self }: RepositoryState): ListedRelease[] {
  return [...Object.entries(targets.signed.targets), ...Object.entries(self.signed.targets)].flatMap(([path, { custom }]) => {
    const parsed = customSchema.safeParse(custom);
    if (!parsed.success) return [];
    const { component, version, channel, percentage, yanked } = parsed.data;
    return [{ path, component, version, channel, percentage, yanked: yanked?.reason ?? null }];
  });
}

function describeDraft(state: RepositoryState, draft: Draft): TrustDraftView {
  const standing = judgeDraft(state, draft);
  const missing = listRules(state, draft).flatMap(({ role, of, document, rule }) => describeMissing(role, of, document, rule));
  const { id, purpose, createdAt } = draft;
  return { id, purpose, createdAt, changes: listChanges(state, draft), missing, stale: standing.kind === "stale" ? standing.because : null };
}

function listChanges(state: RepositoryState, { documents, lost }: Draft): string[] {
  const { root, targets, self } = documents;
  const changes: string[] = [];
  if (root !== undefined)
    for (const role of ["root", "targets", "snapshot", "timestamp"] as const)
      changes.push(...describeRuleChange(role, ruleOfRoot(state.root.signed, role), ruleOfRoot(root.signed, role)));
  if (targets !== undefined) {
    changes.push(...describeRuleChange("self", ruleOf(state, "self"), ruleOfDelegation(targets.signed, SELF) ?? { keys: {}, keyIds: [], threshold: 0 }));
    if (
      JSON.stringify(targets.signed.delegations?.roles.map(({ name, paths }) => [name, paths])) !==
      JSON.stringify(state.targets.signed.delegations?.roles.map(({ name, paths }) => [name, paths]))
    )
      changes.push("targets: what it hands on to other roles changes");
  }
  for (const [role, document] of [["targets", targets] as const, ["self", self] as const])
    if (document !== undefined) changes.push(...describeTargetChanges(state[role].signed.targets, document.signed.targets));
  for (const [role, document] of Object.entries(documents))
    if (document !== undefined) changes.push(`${role}: version ${document.signed.version}, until ${document.signed.expires}`);
  return [...changes, ...lost.map((role) => `${role}: its present keys need not sign`)];
}

function describeRuleChange(role: TrustRole, before: SigningRule, after: SigningRule): string[] {
  const added = after.keyIds.filter((keyId) => !before.keyIds.includes(keyId)).map((keyId) => `${role}: key ${keyId} is added`);
  const removed = before.keyIds.filter((keyId) => !after.keyIds.includes(keyId)).map((keyId) => `${role}: key ${keyId} is removed`);
  const threshold = before.threshold === after.threshold ? [] : [`${role}: ${after.threshold} must sign, not ${before.threshold}`];
  return [...added, ...removed, ...threshold];
}

function describeTargetChanges(before: RepositoryState["targets"]["signed"]["targets"], after: typeof before): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted().flatMap((path) => {
    const [old, next] = [before[path], after[path]];
    if (old === undefined) return [`${path} is added (sha256 ${next?.hashes.sha256})`];
    if (next === undefined) return [`${path} is removed`];
    if (old.hashes.sha256 !== next.hashes.sha256 || old.length !== next.length) return [`${path} gets other content (sha256 ${next.hashes.sha256})`];
    return JSON.stringify(old) === JSON.stringify(next) ? [] : [`${path} is described otherwise: ${JSON.stringify(next.custom)}`];
  });
}

const RENEWED_BY: Readonly<Record<TrustRole, string>> = {
  root: "Rotate keys (without changes is enough) to renew it.",
  targets: "Publish, or rotate keys, to renew it.",
  self: "Publish there, or rotate keys, to renew it.",
  snapshot: "Refresh the timestamp; it renews both.",
  timestamp: "Refresh the timestamp, at least once a day.",
};

function listWarnings(roles: readonly TrustRoleView[]): string[] {
  const held = roles.filter((role) => role.name === "root" || role.name === "targets" || role.name === "self");
  const costs = held.flatMap(({ name, keyIds, threshold }) => describeCosts(name as "root" | "targets" | "self", { keys: keyIds.length, threshold }));
  const online = new Set(roles.filter(({ name }) => name === "snapshot" || name === "timestamp").flatMap(({ keyIds }) => keyIds));
  const shared = held
    .filter(({ keyIds }) => keyIds.some((keyId) => online.has(keyId)))
    .map(({ name }) => `${name}: one of its keys is a machine's, so who breaks into that machine has it`);
  const states = roles
    .filter(({ state }) => state !== "good")
    .map(({ name, state, expiresAt }) => `${name}: ${STATE_WORDS[state]} (${expiresAt}). ${RENEWED_BY[name]}`);
  return [...states, ...costs, ...shared];
}

const STATE_WORDS: Readonly<Record<TrustRoleView["state"], string>> = {
  good: "is good",
  due: "expires soon",
  expired: "is expired, and agents refuse everything until it is renewed",
  unsigned: "lacks signatures of the keys that count now",
};
