import type { Fields } from "./fields.ts";

// What the daemon answers, as far as an agent needs it. Times are ISO 8601. A word that is not among those named here is kept as it is: a newer daemon may have more.

type OrAnother = string & {};

/** How an update ended. Only `committed` means that the new version stays. */
export type UpdateOutcome = "committed" | "rolled-back" | "refused" | "cancelled" | "superseded" | "stuck-resolved" | OrAnother;
type Verdict = "pass" | "insufficient" | "nodata" | "inconclusive" | "error" | "fail" | OrAnother;
/** start: an update began. hold: it waits for a person. dismiss: it is not wanted. nothing: there is none. */
type Decision = "start" | "hold" | "dismiss" | "nothing" | OrAnother;

/** What asking the sources came to. */
export interface Check {
  readonly found: boolean;
  readonly source: string;
  readonly version: string | null;
  readonly commit: string | null;
  readonly decision: Decision;
  readonly because: string;
}

/** What became of a proposal. */
export interface Begun {
  /** The update that began; null where none did. */
  readonly update: string | null;
  readonly decision: Decision;
  readonly because: string;
}

export interface Deployed extends Begun {
  readonly commit: string;
  /** Files, at most 200. */
  readonly changed: readonly string[];
  /** What runs had moved on: the changes were brought over to it. */
  readonly isRebased: boolean;
}

/** What the sandbox said of what lies in code-repo. Nothing comes of it but this. */
export interface CodeCheck {
  readonly id: string;
  readonly commit: string;
  /** Files, at most 200. */
  readonly changed: readonly string[];
  /** passed: an update of it would go on to its rehearsal. failed: it would be refused. error: it could not be found out. */
  readonly state: "running" | "passed" | "failed" | "error" | OrAnother;
  readonly because: string;
  /** The error's code, where something failed. */
  readonly code: string | null;
  readonly steps: readonly { readonly id: string; readonly title: string; readonly state: string; readonly because: string }[];
  /** What it touches; null before that was worked out. */
  readonly impact: { readonly impactLevel: string; readonly risk: string } | null;
  /** What the policies of now would say of an update of it: proceed, approval (a person is asked), later, refused; null where it would not come so far. */
  readonly policy: { readonly outcome: "proceed" | "approval" | "later" | "refused" | OrAnother; readonly because: string } | null;
  /** The end of what its jobs wrote. */
  readonly output: string;
}

/** A change of the agent's own, and how it went. */
export interface Deployment {
  readonly update: string;
  readonly commit: string;
  readonly message: string;
  /** For whom, as it was said when it was deployed. */
  readonly asker: string | null;
  readonly by: string;
  readonly at: string;
  readonly revises: string | null;
  readonly state: string;
  /** Null while it is under way. */
  readonly outcome: UpdateOutcome | null;
  readonly because: string;
  /** What a person said who rejected it. */
  readonly comment: string | null;
  readonly needsPerson: boolean;
  readonly isAcknowledged: boolean;
}

/** How an update ended, whoever began it. */
export interface Ended {
  readonly update: string;
  readonly outcome: UpdateOutcome;
  readonly because: string;
  /** The error's code, where something failed. */
  readonly code: string | null;
  readonly versionFrom: string | null;
  readonly versionTo: string | null;
  /** What a person said who rejected it; of a deployment only. */
  readonly comment: string | null;
}

export interface Task {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly does: string;
  readonly state: "active" | "paused" | OrAnother;
  readonly pausedBecause: string | null;
  readonly nextAt: string | null;
  readonly failures: number;
}

export interface HealthCheck {
  readonly check: string;
  readonly verdict: Verdict;
  readonly gate: "required" | "advisory" | OrAnother;
  readonly because: string;
}

/** What was never measured is `nodata`, never a pass. */
export interface Health {
  readonly verdict: Verdict;
  readonly because: string;
  readonly checks: readonly HealthCheck[];
}

/** What Instar saw of one version; null: it did not see it. */
export interface Seen {
  readonly role: "serving" | "candidate" | "before" | OrAnother;
  readonly release: string;
  readonly version: string | null;
  readonly requests: number | null;
  readonly failed: number | null;
  readonly medianMs: number | null;
  readonly p95Ms: number | null;
  readonly restarts: number | null;
  readonly residentBytes: number | null;
  readonly eventLoopDelayMs: number | null;
  readonly heartbeatAgeMs: number | null;
  readonly logErrors: number | null;
  /** The agent's own, by the names of instar.yaml. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Sources that do not answer, each with why. */
  readonly silent: Readonly<Record<string, string>>;
}

/** Where things stand, and why nothing is happening. */
export interface Standing {
  readonly state: string;
  /** What Instar waits for, in words. */
  readonly because: string;
  readonly release: string | null;
  readonly version: string | null;
  readonly health: Verdict;
  /** The update under way, or the newest. */
  readonly update: { readonly update: string; readonly state: string; readonly outcome: UpdateOutcome | null; readonly because: string } | null;
}

export const parseCheck = (fields: Fields): Check => ({
  found: fields.isTrue("found"),
  source: fields.textOr("source", ""),
  version: fields.textOrNull("version"),
  commit: fields.textOrNull("commit"),
  decision: fields.text("decision"),
  because: fields.textOr("because", ""),
});

export const parseBegun = (fields: Fields): Begun => ({
  update: fields.textOrNull("update"),
  decision: fields.text("decision"),
  because: fields.textOr("because", ""),
});

export const parseDeployed = (fields: Fields): Deployed => ({
  ...parseBegun(fields),
  commit: fields.text("commit"),
  changed: fields.texts("changed"),
  isRebased: fields.isTrue("isRebased"),
});

export const parseDeployment = (fields: Fields): Deployment => ({
  update: fields.text("update"),
  commit: fields.textOr("commit", ""),
  message: fields.textOr("message", ""),
  asker: fields.textOrNull("asker"),
  by: fields.textOr("by", ""),
  at: fields.textOr("at", ""),
  revises: fields.textOrNull("revises"),
  state: fields.textOr("state", ""),
  outcome: fields.textOrNull("outcome"),
  because: fields.textOr("because", ""),
  comment: fields.textOrNull("comment"),
  needsPerson: fields.isTrue("needsPerson"),
  isAcknowledged: fields.isTrue("isAcknowledged"),
});

/** Null while it is under way. */
export function parseEnded(fields: Fields): Omit<Ended, "comment"> | null {
  const update = fields.text("id");
  const outcome = fields.textOrNull("outcome");
  if (outcome === null) return null;
  return {
    update,
    outcome,
    because: fields.textOr("because", ""),
    code: fields.textOrNull("code"),
    versionFrom: fields.textOrNull("versionFrom"),
    versionTo: fields.textOrNull("versionTo"),
  };
}

export const parseCodeCheck = (fields: Fields): CodeCheck => ({
  id: fields.text("id"),
  commit: fields.text("commit"),
  changed: fields.texts("changed"),
  state: fields.text("state"),
  because: fields.textOr("because", ""),
  code: fields.textOrNull("code"),
  steps: fields.list("steps", (step) => ({
    id: step.text("id"),
    title: step.textOr("title", ""),
    state: step.textOr("state", ""),
    because: step.textOr("because", ""),
  })),
  impact: fields.innerOrNull("impact", (impact) => ({
    impactLevel: impact.textOr("impactLevel", ""),
    risk: impact.textOr("risk", ""),
  })),
  policy: fields.innerOrNull("policy", (policy) => ({ outcome: policy.text("outcome"), because: policy.textOr("because", "") })),
  output: fields.textOr("output", ""),
});

export const parseTask = (fields: Fields): Task => ({
  id: fields.text("id"),
  name: fields.text("name"),
  type: fields.textOr("type", ""),
  does: fields.textOr("does", ""),
  state: fields.textOr("state", ""),
  pausedBecause: fields.textOrNull("pausedBecause"),
  nextAt: fields.textOrNull("nextAt"),
  failures: fields.numberOrNull("failures") ?? 0,
});

export const parseHealth = (fields: Fields): Health => ({
  verdict: fields.text("verdict"),
  because: fields.textOr("because", ""),
  checks: fields.list("checks", (check) => ({
    check: check.text("check"),
    verdict: check.text("verdict"),
    gate: check.textOr("gate", ""),
    because: check.textOr("because", ""),
  })),
});

export const parseSeen = (fields: Fields): Seen => ({
  role: fields.text("role"),
  release: fields.text("release"),
  version: fields.textOrNull("version"),
  requests: fields.numberOrNull("requests"),
  failed: fields.numberOrNull("failed"),
  medianMs: fields.numberOrNull("medianMs"),
  p95Ms: fields.numberOrNull("p95Ms"),
  restarts: fields.numberOrNull("restarts"),
  residentBytes: fields.numberOrNull("residentBytes"),
  eventLoopDelayMs: fields.numberOrNull("eventLoopDelayMs"),
  heartbeatAgeMs: fields.numberOrNull("heartbeatAgeMs"),
  logErrors: fields.numberOrNull("logErrors"),
  metrics: fields.named("metrics", "number"),
  silent: fields.named("silent", "string"),
});

export function parseStanding(fields: Fields): Standing {
  const agent = fields.innerOrNull("agent", (its) => ({
    release: its.textOrNull("release"),
    version: its.textOrNull("version"),
    health: its.textOr("health", "nodata"),
  }));
  return {
    state: fields.text("state"),
    because: fields.textOr("waiting", ""),
    release: agent?.release ?? null,
    version: agent?.version ?? null,
    health: agent?.health ?? "nodata",
    update: fields.innerOrNull("update", (its) => ({
      update: its.text("id"),
      state: its.textOr("state", ""),
      outcome: its.textOrNull("outcome"),
      because: its.textOr("because", ""),
    })),
  };
}
