import type { EndedUpdate } from "./fold-standing.ts";

export interface CandidateQuestion {
  readonly found: { readonly commit: string; readonly version: string; readonly ref: string };
  readonly running: { readonly commit: string; readonly version: string } | null;
  readonly bump: "none" | "patch" | "minor" | "major" | "unknown" | "downgrade";
  readonly automatic: "never" | "patch" | "minor" | "major";
  /** Without tests nothing proceeds by itself: what was never measured is no pass. */
  readonly hasTests: boolean;
  readonly ended: readonly EndedUpdate[];
  /** Why nothing begins by itself at all; null where nothing stands against it. */
  readonly breakerBecause: string | null;
  readonly underWay: { readonly commit: string; readonly version: string; readonly mayBeReplaced: boolean } | null;
}

/** `start` begins an update; `hold` waits for a person or for another update; `dismiss` will not come by itself; `nothing` is new. */
export type CandidatePlan = { readonly decision: "start" | "hold" | "dismiss" | "nothing"; readonly because: string };

const BUMPS = ["none", "patch", "minor", "major"] as const;

/** What to do about what upstream has. Pure; says in an operator's words why it does nothing. */
export function planCandidate(question: CandidateQuestion): CandidatePlan {
  const { found, running, underWay, automatic } = question;
  const name = `${found.version} (${found.commit.slice(0, 10)})`;
  if (underWay?.commit === found.commit) return { decision: "nothing", because: `${name} is under way` };
  if (running?.commit === found.commit) return { decision: "nothing", because: `upstream has nothing newer than ${name}, which runs` };
  const tried = question.ended.findLast(
    (update) => update.start.commit === found.commit && update.start.trigger !== "rollback" && update.start.trigger !== "restore",
  );
  if (tried !== undefined)
    return {
      decision: "dismiss",
      because:
        tried.outcome === "committed" || tried.outcome === "superseded"
          ? `${name} ran before and was left; \`instar update apply\` takes it again`
          : `${name} was tried and ${tried.outcome}: ${tried.because}`,
    };
  if (running === null)
    return underWay === null
      ? { decision: "start", because: `${name} is the first version` }
      : { decision: "hold", because: "the first version is still being put in place" };
  if (question.breakerBecause !== null) return { decision: "hold", because: `${name} is new, but ${question.breakerBecause}` };
  if (!isAllowed(question.bump, automatic))
    return {
      decision: "hold",
      because: `${name} ${bumpInWords(question)}; instar.yaml lets ${inWords(automatic)} proceed by itself. \`instar update apply\` starts it`,
    };
  if (!question.hasTests)
    return {
      decision: "hold",
      because: `${name} is new, but instar.yaml names no tests, and without tests nothing proceeds by itself. \`instar update apply --untested\` takes it`,
    };
  if (underWay !== null && !underWay.mayBeReplaced) return { decision: "hold", because: `${name} waits until the update to ${underWay.version} has ended` };
  return {
    decision: "start",
    because: underWay === null ? `${name} is new` : `${name} is new and takes the place of ${underWay.version}, which had not been committed`,
  };
}

function isAllowed(bump: CandidateQuestion["bump"], automatic: CandidateQuestion["automatic"]): boolean {
  if (automatic === "never" || bump === "downgrade" || bump === "unknown") return false;
  return BUMPS.indexOf(bump) <= BUMPS.indexOf(automatic);
}

function bumpInWords({ bump, running }: CandidateQuestion): string {
  if (bump === "downgrade") return `is lower than ${running?.version}, which runs`;
  if (bump === "unknown") return `cannot be compared with ${running?.version}, which runs`;
  return bump === "none" ? "has the same version as what runs" : `is a ${bump} step from ${running?.version}`;
}

function inWords(automatic: CandidateQuestion["automatic"]): string {
  return automatic === "never" ? "nothing" : automatic === "patch" ? "only patches" : `steps up to ${automatic}`;
}
