import type { LedgerStatement } from "../ledger/ledger-entry.ts";
import type { EntryBody, Gives, UpdateId, UpdateStart } from "./journal-entry.ts";

/** What the ledger hears of a journal entry. Looks of a waiting step stay in the journal: the ledger tells what happened, not what did not. */
export function planLedgerStatements(update: UpdateId, start: UpdateStart, body: EntryBody, given: Gives): LedgerStatement[] {
  const base = {
    actor: { type: "system", id: "daemon" },
    update,
    versionTo: start.versionTo,
    ...(start.versionFrom === null ? {} : { versionFrom: start.versionFrom }),
  } as const;
  const say = (event: LedgerStatement["event"], description: string, success: boolean, details: Gives = {}): LedgerStatement[] => [
    { ...base, event, description, success, details },
  ];
  switch (body.kind) {
    case "started":
      return [
        {
          ...base,
          event: "UPDATE_STARTED",
          actor: start.actor,
          description:
            start.edits === undefined
              ? `update to ${start.versionTo} started (${start.trigger})`
              : `edits of the configuration started: ${start.edits.because}`,
          success: true,
          details: {
            ...(start.edits === undefined ? {} : { edits: { ...start.edits } }),
            commit: start.commit,
            ref: start.ref,
            trigger: start.trigger,
            ...(start.origin === undefined ? {} : { origin: { ...start.origin } }),
            steps: body.steps.map((step) => `${step.id}@${step.version}`),
            overrides: { ...start.overrides },
          },
        },
      ];
    case "applying":
      return body.step === "analyse" ? say("ANALYSIS_STARTED", "analysis started", true) : [];
    case "applied":
      // Which files, with their digests before and after, is what was given when they were prepared.
      if (body.step === "apply-edits")
        return say("CONFIGURATION_CHANGED", "the configuration was edited", true, { changes: given.changes ?? [], ...body.gives });
      return say(EVENT_OF_STEP[body.step] ?? "STAGE_COMPLETED", `step ${body.step} done`, true, { step: body.step, ...withoutReport(body.gives) });
    case "failed":
      return say(body.step === "validate" ? "VALIDATION_FAILED" : "STEP_FAILED", body.because, false, {
        step: body.step,
        code: body.code,
        transient: body.transient,
        ...withoutReport(body.evidence ?? {}),
      });
    case "undoing":
      return say("ROLLBACK_STARTED", `undoing ${body.step}`, true, { step: body.step });
    case "undone":
      return say("ROLLBACK_COMPLETED", `${body.step} undone`, true, { step: body.step, ...body.gives });
    case "undo-failed":
      return say("ROLLBACK_FAILED", body.because, false, { step: body.step, code: body.code });
    case "stuck":
      return say("ROLLBACK_FAILED", body.because, false, { stuck: true });
    case "cancel-requested":
      return [{ ...base, actor: { type: "user", id: body.by }, event: "CANCEL_REQUESTED", description: body.because, success: true }];
    case "supersede-requested":
      return say("UPDATE_DISMISSED", body.because, true, { by: body.by });
    case "resolved":
      return [
        {
          ...base,
          actor: { type: "user", id: body.by },
          event: "UPDATE_RESOLVED",
          description: `resolved: ${body.how}`,
          success: true,
          details: { mayLoseWrites: body.mayLoseWrites },
        },
      ];
    case "confirmed":
      return [{ ...base, actor: { type: "user", id: body.by }, event: "UPDATE_CONFIRMED", description: body.because, success: true }];
    case "approved":
      return [
        {
          ...base,
          actor: { type: "user", id: body.approval.by },
          event: "UPDATE_APPROVED",
          description: `${body.approval.by} approved it${body.approval.because === "" ? "" : `: ${body.approval.because}`}`,
          success: true,
          details: { ...body.approval },
        },
      ];
    case "rejected":
      return [
        { ...base, actor: { type: "user", id: body.by }, event: "UPDATE_REJECTED", description: `${body.by} rejected it: ${body.because}`, success: true },
      ];
    case "ended": {
      const ended = say(body.outcome === "committed" ? "UPDATE_COMPLETED" : "UPDATE_FAILED", body.because, body.outcome === "committed", {
        outcome: body.outcome,
      });
      const quarantined = quarantinedBy(body, start, given);
      return quarantined === undefined ? ended : [...ended, ...say("RELEASE_QUARANTINED", quarantined.because, true, { digest: quarantined.digest })];
    }
    case "waiting":
      return [];
    default:
      return body satisfies never;
  }
}

/** A report of many pages stays in the journal; its digest, which is beside it, stands for it here. */
function withoutReport({ impact: _, rehearsal: __, stages: ___, health: ____, observation: _____, ...gives }: Gives): Gives {
  return gives;
}

const EVENT_OF_STEP: Readonly<Record<string, LedgerStatement["event"]>> = {
  analyse: "ANALYSIS_COMPLETED",
  validate: "VALIDATION_PASSED",
  decide: "DECISION_MADE",
  "back-up": "BACKUP_CREATED",
  "keep-today": "BACKUP_CREATED",
};

/** What must not come again by itself once an update has ended: what it had to take back, or what a person went back from. */
export function quarantinedBy(
  body: EntryBody,
  start: UpdateStart,
  given: Gives,
): { readonly digest: string; readonly because: string; readonly commit: string | null } | undefined {
  if (body.kind !== "ended") return undefined;
  if (body.outcome === "rolled-back" && typeof given.digest === "string" && start.trigger !== "rollback")
    return { digest: given.digest, because: body.because, commit: start.commit };
  if (body.outcome === "committed" && start.leaves !== undefined)
    return { digest: start.leaves, because: `${start.actor.id} went back from it to ${start.versionTo}`, commit: null };
  return undefined;
}
