import type { ChangedFile } from "./changed-file.ts";
import { quote } from "./quote.ts";
import { readSettingsValues } from "./read-settings-values.ts";
import { byContent, type Finding, nameTouch, type TouchFacts, weakening } from "./touch-finder.ts";

const PATHS =
  /(^|\/)(polic(y|ies)\/|\.instar\/)|(^|\/)(instar\.ya?ml|[^/]*\.(cedar|cedarschema|rego|polar)|codeowners|\.npmrc|\.yarnrc(\.yml)?|pip\.conf|\.?dependabot\.ya?ml|\.?renovate(rc)?(\.json5?)?|security\.md|\.snyk|\.trivyignore|\.gitleaks[\w.]*|\.gitattributes|allowlist[\w.]*|denylist[\w.]*|approvals?\.(ya?ml|json))$/i;

/** What says what may happen by itself: the operator's settings, policies, who must agree. */
export function findPolicyTouches(file: ChangedFile, { settingsFiles }: TouchFacts): readonly Finding[] {
  const isSettings = file.paths.some((path) => settingsFiles.includes(path) || /(^|\/)instar\.ya?ml$/i.test(path));
  if (!isSettings && !file.paths.some((path) => PATHS.test(path))) return [];
  const named = nameTouch(file, isSettings ? "Instar's settings" : "a policy", true);
  if (!file.isRead || file.edit.status === "deleted") return [named];
  return [named, ...(isSettings ? compareSettings(file) : findLoosenedRules(file))];
}

type Rank = (value: unknown) => number;
const number: Rank = (value) => (typeof value === "number" ? value : typeof value === "string" ? durationMs(value) : 0);
const rank =
  (...order: readonly string[]): Rank =>
  (value) =>
    order.indexOf(String(value));
const fewer =
  (of: Rank): Rank =>
  (value) =>
    -of(value);

/** By risk it is at most three days; the agent's own code cannot make its risk smaller. */
const watchTime: Rank = (value) => (value === "by-risk" ? number("72h") : number(value));
const GATES = rank("rollback", "pause", "report", "off");

/** What loosens as it rises, and what applies where nothing is said. */
const LOOSENING: Readonly<Record<string, readonly [rank: Rank, unsaid: unknown]>> = {
  "updates.automatic": [rank("never", "patch", "minor", "major"), "patch"],
  "updates.perDay": [number, 1_000_000],
  "approvals.quorum": [fewer(number), 1],
  "approvals.validFor": [number, "1d"],
  "policy.shipped": [rank("true", "false"), "true"],
  "decision.engine": [rank("model", "hybrid", "rules"), "rules"],
  "decision.approveAbove": [fewer(number), 0.85],
  "decision.approvalAboveRisk": [rank("minimal", "low", "medium", "high", "critical"), "medium"],
  "decision.onFailure": [rank("reject", "defer"), "defer"],
  "analysis.conflicts": [rank("manual", "local-wins", "merge", "update-wins"), "manual"],
  "analysis.checks.syntax": [rank("required", "reported", "off"), "required"],
  "analysis.checks.imports": [rank("required", "reported", "off"), "required"],
  "analysis.checks.security": [rank("required", "reported", "off"), "reported"],
  "analysis.checks.types": [rank("required", "reported", "off"), "reported"],
  "analysis.checks.style": [rank("required", "reported", "off"), "reported"],
  "analysis.checks.complexity": [rank("required", "reported", "off"), "reported"],
  "watch.errorShare": [number, 0.1],
  "watch.time": [fewer(watchTime), "by-risk"],
  "watch.times.low": [fewer(number), "1h"],
  "watch.times.medium": [fewer(number), "6h"],
  "watch.times.high": [fewer(number), "24h"],
  "watch.times.critical": [fewer(number), "72h"],
  "watch.onUnverified": [rank("roll-back", "hold", "keep"), "hold"],
  "watch.onBlind": [rank("roll-back", "hold"), "hold"],
  ...Object.fromEntries(
    ["health_check_failure", "error_rate_spike", "service_unavailable", "crash_loop", "missing_heartbeat", "things_dropped", "files_changed"].map((trigger) => [
      `watch.triggers.${trigger}.gate`,
      [GATES, "rollback"] as const,
    ]),
  ),
  "watch.requests": [fewer(number), 200],
  "exchange.trial.share": [number, 0],
  "exchange.trial.time": [fewer(number), "5m"],
  "exchange.trial.requests": [fewer(number), 50],
  "state.writesThatMayBeLost": [number, 0],
  "front.public": [rank("false", "true"), false],
  "keep.releases": [fewer(number), 5],
  "keep.snapshots": [fewer(number), 10],
};

/** What protects by being there. */
const PROTECTING = /^(tests|health|updates\.(windows|freezes)|front\.tls|exchange\.(smoke|trial))(\.|$)/;
/** What decides where changes come from, what judges them, and what may run while they are installed. */
const DECIDING =
  /^(source\.(git|branch|tag)|tests\.command|install\.allowScripts|front\.(host|trustedProxies)|agent\.start|policy\.folder|decision\.model\.(provider|name|baseUrl)|install\.command|build\.command)(\.|$)/;

function compareSettings({ edit, after }: ChangedFile): Finding[] {
  const [old, fresh] = [readSettingsValues(edit.before ?? ""), readSettingsValues(edit.after ?? "")];
  if (old === undefined || fresh === undefined) return [weakening(null, "it cannot be read as settings: what it allows is not known")];
  if (edit.status === "added") return [];
  const findings: Finding[] = [];
  const lineOf = (place: string) => {
    const name = place.split(".").findLast((part) => !/^\d+$/.test(part)) ?? "";
    const at = after.lines.findIndex((line) => line.replace(/^- |["']/g, "").startsWith(`${name}:`));
    return at === -1 ? null : at + 1;
  };
  for (const [place, [rankOf, unsaid]] of Object.entries(LOOSENING)) {
    const [was, is] = [old.get(place) ?? unsaid, fresh.get(place) ?? unsaid];
    if (rankOf(is) > rankOf(was)) findings.push(weakening(lineOf(place), `${place} is loosened from ${quote(String(was))} to ${quote(String(is))}`));
  }
  const asked = askedFor(fresh);
  for (const level of askedFor(old)) if (!asked.has(level)) findings.push(weakening(lineOf("approvals.for"), `nobody is asked about ${quote(level)} impact`));
  for (const [place, value] of old)
    if (PROTECTING.test(place) && !fresh.has(place)) findings.push(weakening(lineOf(place.split(".")[0] ?? ""), `${quote(place)} is gone`));
    else if (DECIDING.test(place) && fresh.has(place) && fresh.get(place) !== value) findings.push(weakening(lineOf(place), `${quote(place)} is changed`));
  for (const place of fresh.keys())
    if (/^(install\.allowScripts|front\.trustedProxies)\./.test(place) && !old.has(place)) findings.push(weakening(lineOf(place), `${quote(place)} is new`));
  for (const place of [...fresh.keys()].filter((each) => /^agent\.environment\./.test(each)))
    if (old.get(place) !== fresh.get(place)) findings.push(byContent(lineOf(place), `${quote(place)} is changed`));
  return findings;
}

/** Impact levels that a person approves. */
function askedFor(values: ReadonlyMap<string, unknown>): ReadonlySet<string> {
  const said = [...values].filter(([place]) => /^approvals\.for(\.\d+)?$/.test(place)).map(([, value]) => String(value));
  return new Set(said.length === 0 ? ["critical", "high"] : said.filter((level) => level !== ""));
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function durationMs(text: string): number {
  const [, digits = "0", unit = "ms"] = /^(\d{1,12}(?:\.\d{1,12})?)(ms|s|m|h|d)$/.exec(text) ?? [];
  return Number(digits) * (UNITS_MS[unit] ?? 1);
}

function findLoosenedRules({ added, removed, name }: ChangedFile): Finding[] {
  const findings: Finding[] = [];
  const more = (pattern: RegExp, lines = added, than = removed) =>
    lines.filter(({ code }) => pattern.test(code)).length > than.filter(({ code }) => pattern.test(code)).length;
  const first = (pattern: RegExp, lines = added) => lines.find(({ code }) => pattern.test(code))?.line ?? null;
  const forbids = /\b(forbid|deny|block|violation)\b/i;
  const permits = /\b(permit|allow|automerge|approve)\b/i;
  if (more(forbids, removed, added)) findings.push(weakening(first(forbids, removed), "it forbids less"));
  if (more(permits)) findings.push(weakening(first(permits), "it permits more"));
  if (more(/\bunless\b|\bwhen\b|\bnot\b/, removed, added)) findings.push(weakening(first(/\bunless\b|\bwhen\b|\bnot\b/, removed), "a condition is gone"));
  if (name === "codeowners" && removed.some(({ code }) => code !== "")) findings.push(weakening(removed[0]?.line ?? null, "who must agree is changed"));
  const npmrc =
    /^(strict-ssl ?= ?false|ignore-scripts ?= ?false|registry ?=|@[\w-]+:registry ?=|audit ?= ?false|package-lock ?= ?false|always-auth|enableScripts: true|enableStrictSsl: false|trusted-host|index-url|extra-index-url)/i;
  if (more(npmrc)) findings.push(weakening(first(npmrc), "packages come from elsewhere, or are checked less"));
  const kept = /^(ignore-scripts ?= ?true|strict-ssl ?= ?true|audit ?= ?true|engine-strict ?= ?true)/i;
  if (more(kept, removed, added)) findings.push(weakening(first(kept, removed), "packages are checked less"));
  return findings;
}
