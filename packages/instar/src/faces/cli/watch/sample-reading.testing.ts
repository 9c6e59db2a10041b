import type { ApprovalView, ObservationView, StatusView, UpdateView } from "@instar/protocol";
import { type Heard, NO_LOG, type Reading, type WatchLog } from "./watch-state.ts";

/** What the samples call now. */
export const NOW_MS = Date.parse("2026-11-29T18:40:12.000Z");
const ago = (ms: number) => new Date(NOW_MS - ms).toISOString();

type Step = UpdateView["steps"][number];
const TITLES = {
  fetch: "Fetch the commit",
  analyse: "Work out what the change touches",
  build: "Install, build and seal the release",
  validate: "Run the tests",
  decide: "Decide whether it may proceed",
  approve: "Wait for whose word is needed",
  "back-up": "Copy the state ahead",
  switch: "Exchange old for new",
  watch: "Watch it in service",
  commit: "Commit",
} as const;

/** Done up to a step, which is in the state that is given, and ahead from there. */
export function sampleSteps(at: keyof typeof TITLES | null, state: Step["state"] = "running", because = ""): Step[] {
  const ids = Object.keys(TITLES) as (keyof typeof TITLES)[];
  const here = at === null ? ids.length : ids.indexOf(at);
  return ids.map((id, index) => ({
    id,
    title: TITLES[id],
    state: index < here ? "done" : index === here ? state : "ahead",
    because: index < here ? `${id} is done` : index === here ? because : "",
    startedAt: index > here ? null : ago((ids.length - index) * 1_000),
    endedAt: index < here ? ago((ids.length - index) * 1_000 - 400) : null,
    evidence: id === "decide" && index < here ? { decision: sampleDecision("high") } : null,
  }));
}

export const sampleDecision = (risk: string): NonNullable<NonNullable<Step["evidence"]>["decision"]> => ({
  comesTo: "approval",
  facts: { risk, impactLevel: "high" },
  policies: "sha256:aa",
  policy: { kind: "approval", quorum: 1, policies: [], because: "its impact is high" },
  model: null,
});

export const sampleUpdate = (parts: Partial<UpdateView> = {}): UpdateView => ({
  id: "my6va2jy",
  kind: "code",
  versionFrom: "1.0.0",
  versionTo: "1.0.1",
  releaseFrom: "1.0.0-a",
  releaseTo: null,
  commit: "b".repeat(40),
  origin: null,
  state: "validating",
  outcome: null,
  because: "",
  code: null,
  startedAt: ago(12_000),
  endedAt: null,
  exchangeMs: null,
  rollbackMs: null,
  steps: sampleSteps("validate"),
  ...parts,
});

export const sampleApproval = (parts: Partial<ApprovalView> = {}): ApprovalView => ({
  update: "my6va2jy",
  versionFrom: "1.0.0",
  versionTo: "1.0.1",
  state: "waiting",
  because: "1 person must approve it",
  decision: "1.0.0 to 1.0.1: a patch step of high impact. So it waits for approval.",
  digest: "sha256:30f4",
  quorum: 1,
  passkey: false,
  answers: [],
  until: null,
  ...parts,
});

export const sampleObservation = (parts: Partial<ObservationView> = {}): ObservationView => ({
  update: "my6va2jy",
  version: "1.0.1",
  step: "watch",
  verdict: "insufficient",
  action: "watch",
  because: "0 of 99 requests failed; 9 s of the window are left",
  findings: [],
  window: { countedMs: 11_000, neededMs: 20_000, endsMs: 60_000, requests: 99, neededRequests: 50, isExtended: false, isUnverified: false },
  waitsFor: "observation",
  alarms: [],
  silent: {},
  confirm: null,
  ...parts,
});

export function sampleStatus(parts: Partial<StatusView> = {}): StatusView {
  const slot = { slot: "blue" as const, release: "1.0.0-a", version: "1.0.0", alive: true, pid: 4711, startedAt: ago(180_000), port: 8588, restarts: 0 };
  return {
    instance: "tested",
    dataFolder: "/data/tested",
    running: { keeper: true, daemon: true },
    keeper: null,
    state: "validating",
    waiting: "update my6va2jy is at 'Run the tests' (12 of 40 passed)",
    agent: {
      release: "1.0.0-a",
      version: "1.0.0",
      commit: "a".repeat(40),
      health: "pass",
      because: "GET /health answered 200",
      degraded: null,
      slot,
      containment: "open",
      containmentBecause: "",
    },
    exchange: { strategy: "recreate", because: "" },
    slots: [],
    front: { host: "127.0.0.1", port: 8080, listening: true, holding: false, held: 0, requests: 1_000, failed: 0, refusedByHold: 0, medianMs: 1.4, p99Ms: 9.7 },
    update: sampleUpdate(),
    observation: null,
    available: null,
    source: { lookedAt: null, nextLookInMs: null, failing: null },
    sources: [],
    marks: { pinned: null, held: null, skipped: [], begunInADay: 0, perDay: null },
    ledger: { length: 1, head: "aa", trouble: null },
    access: { door: "operator", because: "" },
    versions: { instar: "0.1.0", node: "24.21.0" },
    ...parts,
  };
}

export const FIRST_UPDATE = sampleUpdate({
  id: "s48ckv3k",
  versionFrom: null,
  versionTo: "1.0.0",
  state: "idle",
  outcome: "committed",
  because: "every step is done",
  endedAt: ago(100_000),
  startedAt: ago(200_000),
  steps: sampleSteps(null),
});

/** One update under way, another before it. */
export function sampleReading(update: UpdateView = sampleUpdate(), parts: Partial<Reading> & { readonly status?: StatusView } = {}): Reading {
  return { status: sampleStatus({ update }), updates: [update, FIRST_UPDATE], approvals: [], update, metrics: null, ...parts };
}

export const heard = (reading: Reading, log: WatchLog = NO_LOG): Heard => ({ kind: "reading", reading, log });
