import { OUTCOMES } from "@instar/protocol";
import { plainText } from "../platform/plain-text.ts";
import { classifySort, parseTrigger } from "./classify-sort.ts";
import { numberIn, objectIn, type ReadEntry, textIn, textsIn } from "./parse-entry.ts";
import type { FailureRecord, Moment, RecordedOutcome, UpdateRecord, WordRecord } from "./update-record.ts";

/** A sentence of somebody else's in a table: enough to know it again; the entry has the rest. */
const LONGEST_TEXT = 300;

/** Text of others on one line, cut, without what would turn the letters around it. */
export function quietText(text: string): string {
  if (text.length <= LONGEST_TEXT && QUIET.test(text)) return text;
  return plainText(text, LONGEST_TEXT)
    .replaceAll(/[\u061c\u200e\u200f\ufeff]/g, "?")
    .toWellFormed();
}

/** Most texts are short words of plain letters, and there are millions: they are as they should be. */
const QUIET = /^(?:[!-~]+(?: [!-~]+)*)?$/;

/** Steps that touch what serves: who undoes one of them goes back, who undoes another one tidies up. */
export const EXCHANGING: ReadonlySet<string> = new Set(["trial", "switch", "put-back", "stop-agent", "apply-edits", "start-agent"]);
/** Where one of these is done, the new version, or the changed configuration, serves. */
const SERVES: ReadonlySet<string> = new Set(["switch", "put-back", "apply-edits", "start-agent"]);

/** Adds what an entry says to its update. The record is changed in place: a million entries would otherwise be a million copies. */
export function foldIntoUpdate(record: UpdateRecord, entry: ReadEntry): void {
  const { index, atMs, details, description } = entry;
  const moment: Moment = { index, atMs };
  record.entries.push(index);
  record.versionFrom ??= entry.versionFrom === null ? null : quietText(entry.versionFrom);
  record.versionTo ??= entry.versionTo === null ? null : quietText(entry.versionTo);
  const step = textIn(details, "step") ?? STEP_OF_EVENT[entry.event];
  switch (entry.event) {
    case "UPDATE_STARTED":
      foldStart(record, entry, moment);
      return;
    case "ANALYSIS_COMPLETED":
    case "VALIDATION_PASSED":
    case "DECISION_MADE":
    case "BACKUP_CREATED":
    case "STAGE_COMPLETED":
    case "CONFIGURATION_CHANGED":
      if (step !== undefined) foldStep(record, entry, moment, step);
      return;
    case "VALIDATION_FAILED":
    case "STEP_FAILED":
      record.failures.push(failureOf(entry, moment, step));
      foldMeasured(record, entry, moment);
      return;
    case "ROLLBACK_STARTED":
      record.undoing.push({ ...moment, step: quietText(step ?? "") });
      return;
    case "ROLLBACK_COMPLETED":
      record.undone.push({ ...moment, step: quietText(step ?? ""), writesSince: numberIn(details, "writesSince") });
      return;
    case "ROLLBACK_FAILED":
      record.undoFailures.push(moment);
      return;
    case "UPDATE_COMPLETED":
    case "UPDATE_FAILED":
      if (record.ended !== null) return;
      record.ended = moment;
      record.outcome = outcomeOf(entry);
      record.because = quietText(description);
      return;
    case "RELEASE_QUARANTINED":
      record.quarantined.push(moment);
      return;
    default: {
      const word = WORD_OF_EVENT[entry.event];
      if (word !== undefined) record.words.push({ ...moment, word, by: quietText(entry.by.id), because: quietText(description) });
    }
  }
}

/** Steps whose event says which one it was, for entries that do not name it. */
const STEP_OF_EVENT: Readonly<Record<string, string>> = {
  ANALYSIS_COMPLETED: "analyse",
  VALIDATION_PASSED: "validate",
  VALIDATION_FAILED: "validate",
  DECISION_MADE: "decide",
  BACKUP_CREATED: "back-up",
  CONFIGURATION_CHANGED: "apply-edits",
};

const WORD_OF_EVENT: Readonly<Record<string, WordRecord["word"]>> = {
  UPDATE_APPROVED: "approved",
  UPDATE_REJECTED: "rejected",
  UPDATE_CONFIRMED: "confirmed",
  CANCEL_REQUESTED: "cancelled",
  UPDATE_RESOLVED: "resolved",
  UPDATE_DISMISSED: "gave-way",
};

function foldStart(record: UpdateRecord, { details, description, by }: ReadEntry, moment: Moment): void {
  record.started = moment;
  record.timedFrom = moment;
  record.by = quietText(by.id);
  record.commit = textIn(details, "commit");
  const trigger = parseTrigger(details, description);
  record.trigger = trigger === null ? null : quietText(trigger);
  const steps = new Set(textsIn(details, "steps").map((step) => step.replace(/@\d+$/, "")));
  record.sort = classifySort({ steps, details, trigger: record.trigger });
}

function foldStep(record: UpdateRecord, entry: ReadEntry, moment: Moment, step: string): void {
  const { details } = entry;
  record.stages.push({ ...moment, step: quietText(step), tookMs: between(record.timedFrom, moment) });
  record.timedFrom = moment;
  // Its beginning was not read: what it did tells what it is.
  if (record.started === null) record.sort = classifySort({ steps: new Set(record.stages.map((stage) => stage.step)), details: {}, trigger: null });
  if (SERVES.has(step)) record.served = moment;
  const type = textIn(details, "updateType") ?? textIn(objectIn(objectIn(details, "decided"), "facts"), "updateType");
  if (type !== null) record.updateType = { ...moment, type: quietText(type) };
  const risk = textIn(details, "risk");
  if (risk !== null) record.risk = quietText(risk);
  if (step === "decide")
    record.decision = { ...moment, comesTo: quietText(textIn(details, "comesTo") ?? ""), because: quietText(textIn(details, "decision") ?? "") };
  foldMeasured(record, entry, moment);
}

/** A refusal has what was measured too: there it matters most. */
function foldMeasured({ measured }: UpdateRecord, { details }: ReadEntry, moment: Moment): void {
  const step = textIn(details, "step") ?? "";
  const tookMs = numberIn(details, "tookMs");
  if (tookMs !== null && (step === "switch" || step === "put-back")) measured.exchange = { ...moment, tookMs };
  const requests = numberIn(details, "watchedRequests");
  const failed = numberIn(details, "watchedFailed");
  if (requests !== null && failed !== null && failed <= requests)
    measured.watched = { ...moment, requests: Math.round(requests), failed: Math.round(failed), ms: numberIn(details, "watchedMs") };
  const verdict = textIn(details, "rehearsalVerdict");
  if (verdict !== null) measured.rehearsal = { ...moment, verdict: quietText(verdict), because: quietText(textIn(details, "rehearsalBecause") ?? "") };
  const tests = textIn(details, "tests");
  if (tests !== null) measured.tests = { ...moment, verdict: quietText(tests), because: quietText(textIn(details, "testsBecause") ?? "") };
}

function failureOf({ details, description }: ReadEntry, moment: Moment, step: string | undefined): FailureRecord {
  const code = textIn(details, "code") ?? "UNKNOWN";
  return { ...moment, step: quietText(step ?? "unknown"), code: quietText(code), because: quietText(description), isTransient: details.transient === true };
}

function outcomeOf({ event, details }: ReadEntry): RecordedOutcome {
  const said = textIn(details, "outcome");
  const known = OUTCOMES.find((outcome) => outcome === said);
  if (known !== undefined) return known;
  return event === "UPDATE_COMPLETED" && !Object.hasOwn(details, "outcome") ? "committed" : "other";
}

/** ms by the wall clock; null where one of the two was not read, or the clock was put back in between. */
export function between(from: Moment | null, to: Moment | null): number | null {
  return from === null || to === null || to.atMs < from.atMs ? null : to.atMs - from.atMs;
}
