import semver from "semver";
import type { EndedUpdate } from "./fold-standing.ts";
import type { VersionRuling } from "./plan-version-policy.ts";

export interface CandidateQuestion {
  readonly found: { readonly commit: string; readonly version: string; readonly ref: string; readonly source: string };
  readonly running: { readonly commit: string; readonly version: string; readonly source: string } | null;
  /** What the version policy says of it. */
  readonly ruling: VersionRuling;
  /** Why its source will not vouch for it: a deprecated package, a history that was rewritten. Null where it does. */
  readonly refused: { readonly because: string; readonly byPerson: boolean } | null;
  /** Without tests nothing proceeds by itself: what was never measured is no pass. */
  readonly hasTests: boolean;
  readonly ended: readonly EndedUpdate[];
  /** Why nothing begins by itself at all; null where nothing stands against it. */
  readonly breakerBecause: string | null;
  readonly underWay: UnderWay | null;
}

export interface UnderWay {
  readonly commit: string;
  readonly version: string;
  readonly source: string;
  /** Why it does not give way to a newer version; null where it does. See planGivingWay. */
  readonly keepsItsPlace: string | null;
}

/** `start` begins an update; `hold` waits for a person or for another update; `dismiss` will not come by itself; `nothing` is new. */
export type CandidatePlan = { readonly decision: "start" | "hold" | "dismiss" | "nothing"; readonly because: string };

/** What to do about what upstream has. Pure; says in an operator's words why it does nothing. */
export function planCandidate(question: CandidateQuestion): CandidatePlan {
  const { found, running, underWay, ruling, refused } = question;
  const name = `${found.version} (${found.commit.slice(0, 10)})`;
  if (underWay?.commit === found.commit) return { decision: "nothing", because: `${name} is under way` };
  if (running?.commit === found.commit) return { decision: "nothing", because: `upstream has nothing newer than ${found.version}, which runs` };
  const twin = findTwin(found, running, underWay);
  if (twin !== undefined) return { decision: "nothing", because: twin };
  const tried = question.ended.findLast(
    (update) => update.start.commit === found.commit && update.start.trigger !== "rollback" && update.start.trigger !== "restore" && !update.gaveWay,
  );
  if (tried !== undefined)
    return {
      decision: "dismiss",
      because:
        tried.outcome === "committed" || tried.outcome === "superseded"
          ? `${name} ran before and was left; \`instar update apply\` takes it again`
          : `${name} was tried and ${tried.outcome}: ${tried.because}`,
    };
  if (refused !== null) return { decision: refused.byPerson ? "hold" : "dismiss", because: `${name} is not taken: ${refused.because}` };
  if (ruling.proceed === "never") return { decision: "dismiss", because: `${name} is not taken: ${ruling.because}` };
  if (running === null && ruling.proceed !== "later")
    return underWay === null
      ? { decision: "start", because: `${name} is the first version` }
      : { decision: "hold", because: "the first version is still being put in place" };
  if (question.breakerBecause !== null) return { decision: "hold", because: `${name} is new, but ${question.breakerBecause}` };
  if (ruling.proceed === "later") return { decision: "hold", because: `${name} is new, but ${ruling.because}` };
  if (ruling.proceed === "ask") return { decision: "hold", because: `${name} ${ruling.because.replace(/^it /, "")}` };
  if (!question.hasTests)
    return {
      decision: "hold",
      because: `${name} is new, but instar.yaml names no tests, and without tests nothing proceeds by itself. \`instar update apply --untested\` takes it`,
    };
  const keeps = underWay === null ? null : isNewer(found, underWay) ? underWay.keepsItsPlace : `, which ${found.source} is not known to be ahead of`;
  if (keeps !== null) return { decision: "hold", because: `${name} waits until the update to ${underWay?.version} has ended${keeps}` };
  return {
    decision: "start",
    because: underWay === null ? `${name} is new` : `${name} is new and takes the place of ${underWay.version}, which had not been committed`,
  };
}

/** What a source has now is newer than what it had. Of another source's only the version tells. */
function isNewer(found: CandidateQuestion["found"], underWay: UnderWay): boolean {
  if (found.source === underWay.source) return true;
  return semver.valid(found.version) !== null && semver.valid(underWay.version) !== null && semver.gt(found.version, underWay.version);
}

/**
 * The same release from another source has other files (what was built, what was left out), so its version tells. It makes no second update. Not so a
 * folder's, nor an agent's own: who edits files there changes them under the same version.
 */
function findTwin(found: CandidateQuestion["found"], running: CandidateQuestion["running"], underWay: CandidateQuestion["underWay"]): string | undefined {
  if (found.source === "files" || found.source === "self") return undefined;
  const isTwin = (other: { version: string; source: string } | null) =>
    other !== null &&
    other.source !== found.source &&
    semver.valid(found.version) !== null &&
    semver.eq(found.version, semver.parse(other.version) ?? "0.0.0-0");
  if (isTwin(underWay)) return `${found.version} is under way already, from ${underWay?.source}`;
  // Of what another source brought, this one may simply be behind.
  if (running !== null && running.source !== found.source && semver.valid(found.version) !== null && semver.valid(running.version) !== null)
    if (semver.lte(found.version, running.version)) return `${found.source} has ${found.version}; ${running.version} runs already, from ${running.source}`;
  return undefined;
}
