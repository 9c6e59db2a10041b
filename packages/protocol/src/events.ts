import type { Origin } from "./origin.ts";
import type { LoopState, Outcome, StepEvidence, UpdateView } from "./update.ts";

/**
 * What happens to an update, in order: the first event lists the steps, one event is terminal, `index` is dense, and none of
 * the step events is ever dropped. Progress events may be. Every face folds these and nothing else.
 */
export type UpdateEvent = { readonly update: string; readonly index: number; readonly at: string } & (
  | {
      readonly kind: "update-started";
      readonly updateKind: string;
      readonly steps: readonly { readonly id: string; readonly title: string }[];
      readonly versionFrom: string | null;
      readonly versionTo: string;
      readonly releaseFrom: string | null;
      readonly commit: string;
      /** Null where nothing was brought from a source; absent from an older Instar. */
      readonly origin?: Origin | null;
    }
  | { readonly kind: "step-started"; readonly step: string; readonly attempt: number }
  | { readonly kind: "step-waiting"; readonly step: string; readonly because: string }
  | { readonly kind: "step-done"; readonly step: string; readonly because: string; readonly release?: string; readonly evidence?: StepEvidence }
  | { readonly kind: "step-failed"; readonly step: string; readonly code: string; readonly because: string; readonly evidence?: StepEvidence }
  | { readonly kind: "step-undoing"; readonly step: string }
  | { readonly kind: "step-undone"; readonly step: string }
  | { readonly kind: "step-undo-failed"; readonly step: string; readonly code: string; readonly because: string }
  | { readonly kind: "update-asked"; readonly because: string }
  | { readonly kind: "update-stuck"; readonly because: string }
  | { readonly kind: "update-ended"; readonly outcome: Outcome; readonly because: string; readonly terminal: true }
);

/** Which of the specification's states a step belongs to. */
const STATE_OF_STEP: Readonly<Record<string, LoopState>> = {
  fetch: "detecting",
  "check-package": "analyzing",
  analyse: "analyzing",
  stage: "staging",
  build: "staging",
  "check-code": "validating",
  validate: "validating",
  rehearse: "validating",
  decide: "approving",
  "check-before": "applying",
  "check-after": "verifying",
  approve: "approving",
  "back-up": "applying",
  "check-backup": "validating",
  "keep-today": "applying",
  "put-back": "applying",
  switch: "applying",
  confirm: "verifying",
  watch: "verifying",
  commit: "committing",
  "prepare-edits": "analyzing",
  "keep-before": "staging",
  "stop-agent": "applying",
  "apply-edits": "applying",
  "start-agent": "applying",
  "confirm-agent": "verifying",
  "tidy-edits": "committing",
};

/** The one view that CLI, HTTP, MCP and console show. */
export function foldUpdateEvents(events: readonly UpdateEvent[]): UpdateView | undefined {
  const [first] = events;
  if (first?.kind !== "update-started") return undefined;
  const steps = first.steps.map((step): UpdateView["steps"][number] => ({
    ...step,
    state: "ahead",
    because: "",
    startedAt: null,
    endedAt: null,
    evidence: null,
  }));
  const view: UpdateView = {
    id: first.update,
    kind: first.updateKind,
    versionFrom: first.versionFrom,
    versionTo: first.versionTo,
    releaseFrom: first.releaseFrom,
    releaseTo: null,
    commit: first.commit,
    origin: first.origin ?? null,
    state: "detecting",
    outcome: null,
    because: "",
    code: null,
    startedAt: first.at,
    endedAt: null,
    exchangeMs: null,
    rollbackMs: null,
    steps,
  };
  for (const event of events.slice(1)) applyEvent(view, event);
  Object.assign(view, readTimes(events));
  return view;
}

/** The step that exchanges old for new: the two spans that operators ask about are measured at it. */
const EXCHANGE = "switch";

function readTimes(events: readonly UpdateEvent[]): Pick<UpdateView, "exchangeMs" | "rollbackMs"> {
  const at = (event: UpdateEvent | undefined) => (event === undefined ? Number.NaN : Date.parse(event.at));
  const begun = events.find((event) => event.kind === "step-started" && event.step === EXCHANGE);
  const done = events.find((event) => event.kind === "step-done" && event.step === EXCHANGE);
  const turned = findTurn(events, begun);
  const back = events.findLast((event) => event.kind === "step-undone" && event.step === EXCHANGE);
  const span = (ms: number) => (Number.isNaN(ms) ? null : Math.max(0, ms));
  return { exchangeMs: span(at(done) - at(begun)), rollbackMs: span(at(back) - at(turned)) };
}

/** What decided to go back: the last word before the first undoing. A stumble before the exchange was none. */
function findTurn(events: readonly UpdateEvent[], begun: UpdateEvent | undefined): UpdateEvent | undefined {
  const undoing = events.find((event) => event.kind === "step-undoing");
  if (begun === undefined || undoing === undefined) return undefined;
  return (
    events.findLast((event) => event.index > begun.index && event.index < undoing.index && (event.kind === "step-failed" || event.kind === "update-asked")) ??
    undoing
  );
}

function applyEvent(view: UpdateView, event: UpdateEvent): void {
  const step = "step" in event ? view.steps.find((candidate) => candidate.id === event.step) : undefined;
  switch (event.kind) {
    case "update-started":
      return;
    case "step-started":
      view.state = STATE_OF_STEP[event.step] ?? "applying";
      view.because = "";
      if (step) Object.assign(step, { state: "running", because: "", startedAt: step.startedAt ?? event.at, endedAt: null });
      return;
    case "step-waiting":
      view.because = event.because;
      if (step) Object.assign(step, { state: "waiting", because: event.because });
      return;
    case "step-done":
      if (event.release !== undefined) view.releaseTo = event.release;
      if (step) Object.assign(step, { state: "done", because: event.because, endedAt: event.at, evidence: event.evidence ?? null });
      return;
    case "step-failed":
      view.because = event.because;
      view.code = event.code;
      if (step) Object.assign(step, { state: "failed", because: event.because, endedAt: event.at, evidence: event.evidence ?? null });
      return;
    case "step-undoing":
      view.state = "rolling_back";
      if (step && step.state !== "failed") step.state = "undoing";
      return;
    case "step-undone":
      if (step && step.state !== "failed") Object.assign(step, { state: "undone", endedAt: event.at });
      return;
    case "step-undo-failed":
      view.code = event.code;
      view.because = event.because;
      if (step) step.because = event.because;
      return;
    case "update-asked":
      // An answer to a stuck update sets it moving again.
      if (view.state === "error") view.state = "rolling_back";
      view.because = event.because;
      return;
    case "update-stuck":
      view.state = "error";
      view.because = event.because;
      return;
    case "update-ended":
      view.state = "idle";
      view.outcome = event.outcome;
      view.because = event.because;
      view.endedAt = event.at;
      for (const ahead of view.steps) if (ahead.state === "ahead" || ahead.state === "waiting" || ahead.state === "running") ahead.state = "skipped";
      return;
    default:
      event satisfies never;
  }
}
