import { join } from "node:path";
import { TRUST_ROLES, type TrustDraftOutcome, type TrustRole, type TrustVersions, type TrustView } from "@instar/protocol";
import { plainText } from "../../../platform/plain-text.ts";
import type { MadeRepository } from "./trust-parts.ts";

/** What each key is for, and what a person does now. */
export function renderMade({ repository, keys, made }: { readonly repository: string; readonly keys: string; readonly made: MadeRepository }): string {
  const offline = (["root", "targets", "self"] as const).flatMap((role) => made.keyFiles[role]);
  return [
    `made the repository ${repository}, and its keys in ${keys}:`,
    ...made.roles.map(({ name, threshold }) => {
      const files = made.keyFiles[name];
      return `  ${name.padEnd(10)}${files.join(" ")}: ${MEANING[name]}; ${threshold} of ${files.length} must sign`;
    }),
    "",
    `Take offline now, each to a place and a person of its own: ${offline.join(" ")}`,
    `Leave with the machine that refreshes: ${[...made.keyFiles.snapshot, ...made.keyFiles.timestamp].join(" ")}`,
    `Give agents what they trust from the start: ${join(repository, "metadata", "1.root.json")}`,
    ...renderWarnings(made.warnings),
  ].join("\n");
}

const MEANING: Readonly<Record<TrustRole, string>> = {
  root: "say which keys count",
  targets: "sign releases",
  self: "sign what an agent wrote",
  snapshot: "says which releases belong together",
  timestamp: "says once a day that nothing newer is there",
};

export function renderRepository({ roles, releases, drafts, warnings }: TrustView): string {
  return [
    ...roles.flatMap(({ name, version, threshold, keyIds, expiresAt, state }) => [
      `${name.padEnd(10)}version ${version}, ${threshold} of ${keyIds.length} must sign, until ${expiresAt}${state === "good" ? "" : ` (${state})`}`,
      ...keyIds.map((keyId) => `            ${keyId}`),
    ]),
    "",
    releases.length === 0 ? "no release is listed" : "releases:",
    ...releases.map(
      ({ path, percentage, yanked }) =>
        `  ${path}${percentage === 100 ? "" : `, for ${percentage} of 100`}${yanked === null ? "" : `, taken back: ${plainText(yanked, 1_000)}`}`,
    ),
    ...drafts.flatMap(({ id, purpose, createdAt, changes, missing, stale }) => [
      "",
      `draft ${id}, ${createdAt}: ${plainText(purpose, 500)}`,
      ...changes.map((change) => `  ${plainText(change, 5_000)}`),
      ...(stale === null ? renderMissing(missing) : [`  can never be published: ${stale}`]),
    ]),
    ...renderWarnings(warnings),
  ].join("\n");
}

const renderWarnings = (warnings: readonly string[]) => (warnings.length === 0 ? [] : ["", "warnings:", ...warnings.map((warning) => `  ${warning}`)]);

/** @param published what is true where it needs nobody else */
export function renderOutcome(outcome: TrustDraftOutcome, published: string): string {
  if (outcome.kind === "published") return `${published}; ${renderVersions(outcome.versions)}`;
  return [
    `nobody sees it yet: it waits as the draft ${outcome.draft}`,
    ...renderMissing(outcome.missing),
    `who has such a key looks at it with \`instar trust show\` and then signs with \`instar trust sign\``,
  ].join("\n");
}

const renderMissing = (missing: Extract<TrustDraftOutcome, { kind: "waiting" }>["missing"]) =>
  missing.flatMap(({ role, of, have, threshold, keyIds }) => [
    `  ${role} has ${have} of ${threshold} signatures of its ${of}; who may still sign:`,
    ...keyIds.map((keyId) => `    ${keyId}`),
  ]);

export const renderVersions = (versions: TrustVersions): string => TRUST_ROLES.map((role) => `${role} ${versions[role]}`).join(", ");
