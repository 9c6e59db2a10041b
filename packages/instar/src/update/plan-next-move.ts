import type { Outcome } from "@instar/protocol";
import type { Gives, JournalEntry, PinnedStep } from "./journal-entry.ts";

export type Move =
  | { readonly move: "apply"; readonly step: PinnedStep; readonly attempt: number }
  | { readonly move: "undo"; readonly step: PinnedStep; readonly attempt: number }
  | { readonly move: "wait"; readonly step: string; readonly waitsFor: string; readonly untilTickMs: number; readonly because: string }
  | { readonly move: "retry"; readonly step: string; readonly atTickMs: number; readonly because: string }
  | { readonly move: "declare-stuck"; readonly because: string }
  | { readonly move: "end"; readonly outcome: Outcome; readonly because: string }
  | { readonly move: "ask-operator"; readonly because: string }
  | { readonly move: "nothing"; readonly because: string };

/** A failure that may pass by itself is tried again after these pauses; then it counts. */
const RETRY_PAUSES_MS = [1_000, 5_000, 30_000, 120_000] as const;
/** An undo is tried this often before a person is asked: the world may be briefly in the way, but nobody waits for ever. */
const UNDO_PAUSES_MS = [500, 3_000] as const;
/** A step that was begun this often without ever answering takes the daemon down with it. It counts as failed. */
const MOST_BEGINNINGS = 12;

/**
 * Decides an update's next move from its journal alone.
 *
 * Pure, and called after every entry, so going on after a crash is the normal path. `nowTickMs` only turns a wait into a look:
 * no timer ever promotes anything. The rules, in the order they are asked:
 * 1. a journal that cannot be (gap, no `started`, something after the end, a later entry of an older epoch) asks the operator;
 * 2. an ended update is left alone, a stuck one waits for `resolved`;
 * 3. a failure that counts, a cancellation, or a newer version that comes before the exchange unwinds newest first, begun steps too;
 * 4. otherwise the first step that is not applied comes next, and after the last the update is committed.
 */
export function planNextMove(journal: readonly JournalEntry[], nowTickMs: number): Move {
  const broken = findContradiction(journal);
  if (broken !== undefined) return { move: "ask-operator", because: broken };
  const [first] = journal;
  if (first?.kind !== "started") return { move: "nothing", because: "the update has not started" };

  const ended = journal.find((entry) => entry.kind === "ended");
  if (ended?.kind === "ended") return { move: "nothing", because: `it ended: ${ended.outcome}` };

  const stuck = journal.findLast((entry) => entry.kind === "stuck" || entry.kind === "resolved");
  if (stuck?.kind === "stuck") return { move: "ask-operator", because: stuck.because };
  if (stuck?.kind === "resolved" && stuck.how !== "retry") return { move: "end", outcome: "stuck-resolved", because: `${stuck.by} chose to ${stuck.how}` };

  const reason = whyUnwind(journal, first.steps);
  if (reason !== undefined) return planUnwinding(journal, first.steps, reason, nowTickMs);
  return planForward(journal, first.steps, nowTickMs);
}

interface UnwindReason {
  readonly outcome: Outcome;
  readonly because: string;
}

function planForward(journal: readonly JournalEntry[], steps: readonly PinnedStep[], nowTickMs: number): Move {
  const step = steps.find((candidate) => !journal.some((entry) => entry.kind === "applied" && entry.step === candidate.id));
  if (step === undefined) return { move: "end", outcome: "committed", because: "every step is done" };

  const superseded = journal.find((entry) => entry.kind === "supersede-requested");
  if (superseded?.kind === "supersede-requested" && isLeaseEnded(journal, steps)) return { move: "end", outcome: "superseded", because: superseded.because };

  const last = journal.findLast((entry) => "step" in entry && entry.step === step.id);
  if (last?.kind === "waiting" && nowTickMs < last.untilTickMs)
    return { move: "wait", step: step.id, waitsFor: last.waitsFor, untilTickMs: last.untilTickMs, because: last.because };
  if (last?.kind === "failed") {
    const atTickMs = last.tickMs + (RETRY_PAUSES_MS[countFailures(journal, step.id) - 1] ?? 0);
    if (nowTickMs < atTickMs) return { move: "retry", step: step.id, atTickMs, because: last.because };
  }
  return { move: "apply", step, attempt: countBeginnings(journal, step.id) + 1 };
}

function planUnwinding(journal: readonly JournalEntry[], steps: readonly PinnedStep[], reason: UnwindReason, nowTickMs: number): Move {
  const step = steps.findLast((candidate) => candidate.undoNeedless === undefined && wasTouched(journal, candidate.id) && !wasUndone(journal, candidate.id));
  if (step === undefined) return { move: "end", outcome: reason.outcome, because: reason.because };
  if (step.undoImpossible !== undefined) return { move: "declare-stuck", because: `'${step.title}' cannot be undone: ${step.undoImpossible}` };

  const since = journal.findLastIndex((entry) => entry.kind === "resolved");
  const failures = journal.slice(since + 1).flatMap((entry) => (entry.kind === "undo-failed" && entry.step === step.id ? [entry] : []));
  const lastFailure = failures.at(-1);
  if (lastFailure === undefined) return { move: "undo", step, attempt: countBeginnings(journal, step.id) };
  // ROLLBACK_FAILED is a step's own word that trying again without a person would only cost more.
  const pauseMs = lastFailure.code === "ROLLBACK_FAILED" ? undefined : UNDO_PAUSES_MS[failures.length - 1];
  if (pauseMs === undefined) return { move: "declare-stuck", because: `'${step.title}' could not be undone: ${lastFailure.because}` };
  if (nowTickMs < lastFailure.tickMs + pauseMs) return { move: "retry", step: step.id, atTickMs: lastFailure.tickMs + pauseMs, because: lastFailure.because };
  return { move: "undo", step, attempt: countBeginnings(journal, step.id) };
}

/** Why the update goes backward, if it does. The first reason stays the reason, whatever follows. */
function whyUnwind(journal: readonly JournalEntry[], steps: readonly PinnedStep[]): UnwindReason | undefined {
  const begunExchange = hasBegunExchange(journal, steps);
  const canBeMet = steps.some((step) => step.exchanges);
  for (const entry of journal) {
    if (entry.kind === "failed" && isFinal(journal, steps, entry)) return { outcome: begunExchange ? "rolled-back" : "refused", because: entry.because };
    // A newer version came before anybody met this one. Later it goes on to where it serves, and only then gives its place away.
    if (entry.kind === "supersede-requested" && canBeMet && !hasBegunExchange(journal.slice(0, entry.seq), steps))
      return { outcome: "cancelled", because: entry.because };
    if (entry.kind === "cancel-requested") return { outcome: begunExchange ? "rolled-back" : "cancelled", because: entry.because };
    if (entry.kind === "applying" && isOneTooMany(journal, entry))
      return {
        outcome: begunExchange ? "rolled-back" : "refused",
        because: `'${titleOf(steps, entry.step)}' was begun ${MOST_BEGINNINGS} times and never ended: it takes the daemon down`,
      };
  }
  return undefined;
}

/** It unwinds: a failure that counts, a cancellation, a newer version. */
export const goesBack = (journal: readonly JournalEntry[], steps: readonly PinnedStep[]): boolean => whyUnwind(journal, steps) !== undefined;

/** From here on people may have met the new version, or wait for it. */
export function hasBegunExchange(journal: readonly JournalEntry[], steps: readonly PinnedStep[]): boolean {
  const exchanging = steps.find((step) => step.exchanges)?.id;
  return exchanging !== undefined && wasTouched(journal, exchanging);
}

/** A failure counts unless it may pass by itself and pauses are left. Once the exchange has begun nothing is tried again: people wait in the hold. */
function isFinal(journal: readonly JournalEntry[], steps: readonly PinnedStep[], failure: JournalEntry & { kind: "failed" }): boolean {
  const exchange = steps.findIndex((step) => step.exchanges);
  const position = steps.findIndex((step) => step.id === failure.step);
  if (!failure.transient || (exchange !== -1 && position >= exchange)) return true;
  return countFailures(journal.slice(0, failure.seq + 1), failure.step) > RETRY_PAUSES_MS.length;
}

function isLeaseEnded(journal: readonly JournalEntry[], steps: readonly PinnedStep[]): boolean {
  const confirming = steps.find((step) => step.endsLease);
  return confirming !== undefined && wasDone(journal, confirming.id);
}

const wasDone = (journal: readonly JournalEntry[], step: string) => journal.some((entry) => entry.kind === "applied" && entry.step === step);
const wasTouched = (journal: readonly JournalEntry[], step: string) =>
  journal.some((entry) => (entry.kind === "applying" || entry.kind === "applied") && entry.step === step);
const wasUndone = (journal: readonly JournalEntry[], step: string) => journal.some((entry) => entry.kind === "undone" && entry.step === step);
const countFailures = (journal: readonly JournalEntry[], step: string) => journal.filter((entry) => entry.kind === "failed" && entry.step === step).length;
const countBeginnings = (journal: readonly JournalEntry[], step: string) => journal.filter((entry) => entry.kind === "applying" && entry.step === step).length;

/**
 * True for the beginning that wears a step out: so many in a row, none answered. Only what a beginning can answer counts as an answer:
 * were the entries of the undo to count, the reason to go back would vanish as soon as going back begins.
 */
function isOneTooMany(journal: readonly JournalEntry[], beginning: JournalEntry & { kind: "applying" }): boolean {
  const ofStep = journal.filter((entry) => "step" in entry && entry.step === beginning.step && !UNDO_KINDS.has(entry.kind));
  const unanswered = ofStep.length - 1 - ofStep.findLastIndex((entry) => entry.kind !== "applying");
  return unanswered >= MOST_BEGINNINGS && ofStep.at(MOST_BEGINNINGS - 1 - unanswered)?.seq === beginning.seq;
}

const UNDO_KINDS: ReadonlySet<JournalEntry["kind"]> = new Set(["undoing", "undone", "undo-failed"]);
const titleOf = (steps: readonly PinnedStep[], id: string) => steps.find((step) => step.id === id)?.title ?? id;

/** What makes a journal impossible, in words; undefined where it holds together. */
function findContradiction(journal: readonly JournalEntry[]): string | undefined {
  if (journal.length === 0) return undefined;
  if (journal[0]?.kind !== "started") return "the journal does not begin with 'started'";
  const gap = journal.findIndex((entry, index) => entry.seq !== index);
  if (gap !== -1) return `journal entry ${gap} is missing`;
  const epochs = journal.findIndex((entry, index) => index > 0 && entry.epoch < (journal[index - 1]?.epoch ?? 0));
  if (epochs !== -1) return `journal entry ${epochs} was written by a daemon that had been replaced`;
  const end = journal.findIndex((entry) => entry.kind === "ended");
  if (end !== -1 && end !== journal.length - 1) return `journal entry ${end + 1} comes after the end`;
  return undefined;
}

/** Everything that the applied steps gave, later over earlier, for the step that comes next. */
export function foldGives(journal: readonly JournalEntry[]): Gives {
  return Object.assign({}, ...journal.flatMap((entry) => (entry.kind === "applied" ? [entry.gives] : [])));
}

/** What a waiting step noted at its last look. */
export function foldNoted(journal: readonly JournalEntry[], step: string): Gives {
  const last = journal.findLast((entry) => entry.kind === "waiting" && entry.step === step);
  return last?.kind === "waiting" ? last.noted : {};
}
