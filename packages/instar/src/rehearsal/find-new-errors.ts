import type { RehearsalFinding } from "@instar/protocol";
import { type LogPatterns, readErrorKinds, renderErrorKinds } from "../platform/read-error-kinds.ts";
import { makeFinding } from "./compare-shown.ts";

/** A log of this length was cut at its beginning (guard-agent keeps a MiB): what it does not show may have been there. */
const CUT_FROM = 1_000_000;

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
  const told = `${added.length === 1 ? "one kind" : `${added.length} kinds`} of error lines: ${renderErrorKinds(added)}`;
  if (added.length > 0 && old === undefined) return say("inconclusive", `it writes ${told}; there is no old version to compare with`, parts);
  if (added.length > 0 && old !== undefined && old.length >= CUT_FROM)
    return say("inconclusive", `it writes ${told}; the old version wrote more than is kept, and may have written them too`, parts);
  if (added.length > 0) return say("fail", `it writes ${told}; the old version does not`, parts);
  if (its.length >= CUT_FROM) return say("inconclusive", "it wrote more than is kept; in what is left there are no new errors", parts);
  return say("pass", found.size === 0 ? "its log has no error lines" : "its log has no error lines but those that the old version writes too", parts);
}
