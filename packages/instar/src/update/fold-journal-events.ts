import { type StepEvidence, stepEvidence, type UpdateEvent } from "@instar/protocol";
import type { Gives, JournalEntry } from "./journal-entry.ts";
import type { Step } from "./step.ts";

/** The journal as the faces see it: one event per entry, with the entry's own index and time. */
export function foldJournalEvents(journal: readonly JournalEntry[], steps: readonly Step[]): UpdateEvent[] {
  return journal.map((entry) => renderEvent(entry, steps));
}

function renderEvent(entry: JournalEntry, steps: readonly Step[]): UpdateEvent {
  const head = { update: entry.update, index: entry.seq, at: entry.at };
  switch (entry.kind) {
    case "started":
      return {
        ...head,
        kind: "update-started",
        updateKind: entry.start.kind,
        steps: entry.steps.map(({ id, title }) => ({ id, title })),
        versionFrom: entry.start.versionFrom,
        versionTo: entry.start.versionTo,
        releaseFrom: entry.start.releaseFrom,
        commit: entry.start.commit,
        origin: entry.start.origin ?? null,
      };
    case "applying":
      return { ...head, kind: "step-started", step: entry.step, attempt: entry.attempt };
    case "applied": {
      const because = steps.find((step) => step.id === entry.step)?.describe(entry.gives) ?? "";
      return {
        ...head,
        kind: "step-done",
        step: entry.step,
        because,
        ...(typeof entry.gives.release === "string" ? { release: entry.gives.release } : {}),
        ...evidenceIn(entry.gives),
      };
    }
    case "waiting":
      return { ...head, kind: "step-waiting", step: entry.step, because: entry.because };
    case "failed":
      return { ...head, kind: "step-failed", step: entry.step, code: entry.code, because: entry.because, ...evidenceIn(entry.evidence ?? {}) };
    case "undoing":
      return { ...head, kind: "step-undoing", step: entry.step };
    case "undone":
      return { ...head, kind: "step-undone", step: entry.step };
    case "undo-failed":
      return { ...head, kind: "step-undo-failed", step: entry.step, code: entry.code, because: entry.because };
    case "stuck":
      return { ...head, kind: "update-stuck", because: entry.because };
    case "cancel-requested":
    case "supersede-requested":
    case "confirmed":
      return { ...head, kind: "update-asked", because: entry.because };
    case "approved":
      return { ...head, kind: "update-asked", because: `${entry.approval.by} approved it` };
    case "rejected":
      return { ...head, kind: "update-asked", because: `${entry.by} rejected it` };
    case "resolved":
      return { ...head, kind: "update-asked", because: `${entry.by} chose to ${entry.how}` };
    case "ended":
      return { ...head, kind: "update-ended", outcome: entry.outcome, because: entry.because, terminal: true };
    default:
      return entry satisfies never;
  }
}

/** What an older Instar wrote in another shape is left out: a view is for people, and the journal keeps it all the same. */
function evidenceIn({ confinement, stages, rehearsal, health, observation, decided }: Gives): { evidence?: StepEvidence } {
  const parsed = stepEvidence.safeParse({ confinement, stages, rehearsal, health, observation, decision: decided });
  return parsed.success && Object.values(parsed.data).some((part) => part !== undefined) ? { evidence: parsed.data } : {};
}
