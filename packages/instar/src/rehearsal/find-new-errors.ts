import type { RehearsalFinding } from "@instar/protocol";
import { matchTexts } from "../platform/match-text.ts";
import { quoteText } from "../platform/plain-text.ts";
import type { Settings } from "../settings/settings.ts";
import { makeFinding } from "./compare-shown.ts";
import { normaliseLine } from "./normalise-text.ts";

export type LogPatterns = Pick<Settings["rehearsal"], "logErrors" | "ignoreLog">;

const LONGEST_LINE = 2_000;
const MOST_LINES = 20_000;
const NAMED_AT_MOST = 5;
/** A log of this length was cut at its beginning (guard-agent keeps a MiB): what it does not show may have been there. */
const CUT_FROM = 1_000_000;

interface ErrorKind {
  readonly sample: string;
  readonly count: number;
}

/**
 * Error lines of the new version's log that the old one did not write, times, ids and numbers aside. Pure.
 *
 * @param old undefined where there is no old version; `unread` where its log could not be read
 */
export function findNewErrors(old: string | undefined | "unread", its: string | undefined, patterns: LogPatterns): RehearsalFinding {
  const say = (verdict: RehearsalFinding["verdict"], because: string, parts = {}) =>
    makeFinding("log", verdict, because, { unit: "kinds of error lines", ...parts });
  if (its === undefined) return say("nodata", "its log could not be read");
  if (old === "unread") return say("nodata", "the old version's log could not be read: there is nothing to compare with");
  const [found, known] = [readErrorKinds(its, patterns), readErrorKinds(old ?? "", patterns)];
  if (found === undefined || known === undefined)
    return say("error", "rehearsal.logErrors or rehearsal.ignoreLog did not come to an end on the log within a second");
  const added = [...found].filter(([kind]) => !known.has(kind)).map(([, one]) => one);
  const parts = { old: old === undefined ? null : known.size, new: found.size };
  const told = `${added.length === 1 ? "one kind" : `${added.length} kinds`} of error lines: ${renderKinds(added)}`;
  if (added.length > 0 && old === undefined) return say("inconclusive", `it writes ${told}; there is no old version to compare with`, parts);
  if (added.length > 0 && old !== undefined && old.length >= CUT_FROM)
    return say("inconclusive", `it writes ${told}; the old version wrote more than is kept, and may have written them too`, parts);
  if (added.length > 0) return say("fail", `it writes ${told}; the old version does not`, parts);
  if (its.length >= CUT_FROM) return say("inconclusive", "it wrote more than is kept; in what is left there are no new errors", parts);
  return say("pass", found.size === 0 ? "its log has no error lines" : "its log has no error lines but those that the old version writes too", parts);
}

/** The lines that tell of an error, one of each kind, with counts; undefined where a pattern does not come to an end. */
export function readErrorKinds(log: string, { logErrors, ignoreLog }: LogPatterns): ReadonlyMap<string, ErrorKind> | undefined {
  const lines = log
    .split("\n")
    .slice(-MOST_LINES)
    .map((line) => line.slice(0, LONGEST_LINE));
  const isError = matchTexts(logErrors, lines);
  if (isError === undefined) return undefined;
  let errors = lines.filter((_, index) => isError[index]);
  for (const pattern of ignoreLog) {
    const isIgnored = matchTexts(pattern, errors);
    if (isIgnored === undefined) return undefined;
    errors = errors.filter((_, index) => !isIgnored[index]);
  }
  const kinds = new Map<string, ErrorKind>();
  for (const line of errors) {
    const kind = normaliseLine(line);
    const known = kinds.get(kind);
    kinds.set(kind, { sample: known?.sample ?? line, count: (known?.count ?? 0) + 1 });
  }
  return kinds;
}

function renderKinds(kinds: readonly ErrorKind[]): string {
  const shown = kinds.slice(0, NAMED_AT_MOST).map(({ sample, count }) => `${quoteText(sample, 160)}${count === 1 ? "" : ` (${count} times)`}`);
  return kinds.length > shown.length ? `${shown.join(", ")} and ${kinds.length - shown.length} more` : shown.join(", ");
}
