import type { LookReason, Origin, UpdateEventView, UpdateSource, UpdateType } from "@instar/protocol";
import type { CandidatePlan } from "./plan-candidate.ts";

export interface SeenRelease {
  readonly source: string;
  readonly kind: UpdateSource;
  readonly address: string;
  readonly trigger: UpdateEventView["trigger"];
  readonly branch: string | null;
  readonly digest: string | null;
  readonly origin: Origin;
  readonly commit: string;
  readonly version: string;
  readonly runningVersion: string | null;
  readonly updateType: UpdateType;
  readonly changedFiles: readonly string[];
  readonly summary: string;
}

const FILES_SHOWN = 200;

/** The specification's `UpdateEvent`. One that was there before keeps its id, its time and who saw it first; what became of it is what is decided now. */
export function planUpdateEvent(
  seen: SeenRelease,
  decided: CandidatePlan,
  before: UpdateEventView | undefined,
  made: { readonly id: string; readonly at: string; readonly noticedBy: LookReason },
): UpdateEventView {
  return {
    eventId: before?.eventId ?? made.id,
    timestamp: before?.timestamp ?? made.at,
    source: before?.source ?? sourceOf(seen.kind, made.noticedBy),
    noticedBy: before?.noticedBy ?? made.noticedBy,
    seenBy: [...new Set([...(before?.seenBy ?? []), seen.source])],
    updateType: seen.updateType,
    trigger: seen.trigger,
    currentVersion: seen.runningVersion,
    targetVersion: seen.version,
    changedFiles: seen.changedFiles.slice(0, FILES_SHOWN),
    changedFileCount: seen.changedFiles.length,
    changeSummary: seen.summary,
    priority: priorityOf(seen.updateType),
    requiresRestart: true,
    requiresApproval: decided.decision === "hold",
    gitCommitHash: seen.commit,
    gitBranch: seen.branch,
    remoteUrl: seen.address,
    digest: seen.digest,
    origin: seen.origin,
    decision: decided.decision,
    because: decided.because,
    update: before?.update ?? null,
  };
}

/** The specification counts who gave the word as a source of its own. */
function sourceOf(kind: UpdateSource, noticedBy: LookReason): UpdateSource {
  if (noticedBy === "webhook") return "webhook";
  if (noticedBy === "schedule") return "scheduled";
  if (noticedBy === "agent") return "api_endpoint";
  return noticedBy === "person" ? "manual" : kind;
}

function priorityOf(type: UpdateType): UpdateEventView["priority"] {
  if (type === "security") return "critical";
  if (type === "hotfix") return "high";
  return type === "patch" || type === "minor" || type === "major" ? "normal" : "low";
}
