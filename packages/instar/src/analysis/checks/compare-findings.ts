import type { CheckName, CheckResult, Finding } from "@instar/protocol";

/** What a check found in one version, before it is known whether the change brought it. */
export interface Found extends Omit<Finding, "isNew"> {
  /** The text it is about, in its own words; where it stands says nothing, lines move. */
  readonly source?: string;
  /** What it is compared by, instead of message and source. */
  readonly identity?: string;
}

/** A text or tool that could not be asked. It is shown like a finding, and keeps the check from passing. */
export const NOT_ASKED = "not-read";

const SHOWN = 20;
const TOLD_CHARACTERS = 500;
const COMPARED_CHARACTERS = 2_000;

/**
 * Which findings the change brought. They are paired as often as they occur, by rule, file (or the file's name before a rename), message
 * and source; never by line.
 *
 * @param before null where there was no version before: then all are the change's
 * @param renames new path → path before
 */
export function compareFindings(before: readonly Found[] | null, after: readonly Found[], renames: ReadonlyMap<string, string> = new Map()): Finding[] {
  const left = new Map<string, number>();
  for (const found of before ?? []) {
    const key = keyOf(found, found.path);
    left.set(key, (left.get(key) ?? 0) + 1);
  }
  const judged = after.map((found): Finding => {
    const key = keyOf(found, renames.get(found.path) ?? found.path);
    const times = left.get(key) ?? 0;
    if (times > 0) left.set(key, times - 1);
    return asFinding(found, times === 0);
  });
  return [...judged].sort(byWeight);
}

export interface CheckEvidence {
  readonly check: CheckName;
  readonly tool: string;
  /** null where it was not asked. */
  readonly before: number | null;
  readonly findings: readonly Finding[];
  /** Why something was not looked at, though it should have been. */
  readonly unasked?: string | null;
}

/**
 * One rule for all checks: a new error or warning fails; a note is told and does not count; what could not be asked is `nodata`, never a
 * pass. A further finding never makes it better.
 */
export function judgeCheck({ check, tool, before, findings, unasked = null }: CheckEvidence): CheckResult {
  const fresh = findings.filter(({ isNew, severity, rule }) => isNew && severity !== "note" && rule !== NOT_ASKED);
  const unread = findings.filter(({ rule }) => rule === NOT_ASKED);
  const [worst] = fresh;
  const missing =
    unasked ??
    (unread.length > 0 ? `${count(unread.length, "text")} could not be looked at, first ${shown(unread[0]?.path ?? "")}: ${unread[0]?.message}` : null);
  const result = (verdict: CheckResult["verdict"], because: string): CheckResult => ({
    check,
    tool,
    verdict,
    because,
    before,
    after: findings.length,
    findings: { total: findings.length, first: [...findings].sort(byWeight).slice(0, SHOWN) },
  });
  if (worst !== undefined) return result("fail", `${count(fresh.length, "new finding")}, first in ${shown(worst.path)}: ${worst.message}`);
  if (missing !== null) return result("nodata", missing);
  return result("pass", findings.length === 0 ? "nothing was found" : `nothing that counts is new among ${count(findings.length, "finding")}`);
}

/** A check that could not be made at all. */
export function sayUnasked(check: CheckName, tool: string, verdict: "nodata" | "error" | "inconclusive", because: string): CheckResult {
  return { check, tool, verdict, because, before: null, after: 0, findings: { total: 0, first: [] } };
}

/** The paths before, of what was renamed. */
export function listRenames(edits: readonly { readonly path: string; readonly from?: string }[]): Map<string, string> {
  return new Map(edits.flatMap(({ path, from }) => (from === undefined ? [] : [[path, from] as const])));
}

function asFinding({ rule, path, line, severity, message }: Found, isNew: boolean): Finding {
  return { rule, path, line, severity, message: message.slice(0, TOLD_CHARACTERS), isNew };
}

function keyOf({ rule, message, source = "", identity }: Found, path: string): string {
  const what = identity === undefined ? [normaliseMessage(message.slice(0, COMPARED_CHARACTERS)), normaliseSource(source)] : [identity];
  return JSON.stringify([rule, path, ...what]);
}

/** Places that a message names move with the lines. */
function normaliseMessage(message: string): string {
  return message
    .replace(/\b(lines?|columns?|col)\s{1,4}\d{1,9}/gi, "$1")
    .replace(/:\d{1,9}(:\d{1,9})?/g, ":")
    .replace(/\(\d{1,9},\d{1,9}\)/g, "()");
}

function normaliseSource(source: string): string {
  return source
    .replace(/\s+/g, " ")
    .replace(/ ?([^\w\s]) ?/g, "$1")
    .trim();
}

const RANK: Readonly<Record<Finding["severity"], number>> = { error: 0, warning: 1, note: 2 };

function byWeight(one: Finding, other: Finding): number {
  if (one.isNew !== other.isNew) return one.isNew ? -1 : 1;
  return RANK[one.severity] - RANK[other.severity];
}

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;
const shown = (path: string) => JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path);
