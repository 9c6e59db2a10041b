import { InstarError } from "@instar/protocol";
import type { Clock } from "../platform/clock.ts";
import { foldAnswers } from "./fold-answers.ts";
import type { Journal } from "./journal.ts";
import type { EntryBody, Gives, JournalEntry, PinnedStep, UpdateId, UpdateStart } from "./journal-entry.ts";
import { planLedgerStatements, quarantinedBy } from "./plan-ledger-statements.ts";
import { foldGives, foldNoted, planNextMove } from "./plan-next-move.ts";
import type { Step, StepContext, StepResult } from "./step.ts";

export interface Engine {
  readonly journal: Journal;
  readonly steps: readonly Step[];
  readonly clock: Clock;
  readonly time: { tickMs(): number };
  /** Whatever must become durable together with an entry. In its transaction: quick, and it does not throw. */
  readonly also?: (update: UpdateId, start: UpdateStart, body: EntryBody) => void;
  /** Told of every entry once it is durable. */
  readonly onEntry: (entry: JournalEntry) => void;
  readonly onProgress: (update: UpdateId, step: string, line: string) => void;
  /** Gives back the disk space that was set aside for going back. Idempotent. */
  readonly freeReserve: () => Promise<void>;
}

/** How long an `ask-operator`, a wait or a retry may last before the world is asked again, if nobody calls. */
const LONGEST_NAP_MS = 30_000;

/**
 * Drives one update until it ends or needs a person. Going on after a crash is calling this again: each turn reads the journal,
 * asks the planner for one move and makes it. Nothing is remembered between turns.
 *
 * @param wake aborts a nap or an interruptible step when the journal got a new entry from outside (a cancellation, an answer)
 * @returns once the update has ended
 * @throws what makes it impossible to know what is on disk (the database, a newer daemon): the caller stops; and `signal`'s reason
 */
export async function runUpdate(update: UpdateId, engine: Engine, wake: Wake, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const journal = engine.journal.read(update);
    const move = planNextMove(journal, engine.time.tickMs());
    switch (move.move) {
      case "apply":
        await runApply(engine, journal, move.step, move.attempt, wake, signal);
        break;
      case "undo":
        await runUndo(engine, journal, move.step, move.attempt, signal);
        break;
      case "wait":
        await wake.nap(move.untilTickMs - engine.time.tickMs(), engine.clock, signal);
        break;
      case "retry":
        await wake.nap(move.atTickMs - engine.time.tickMs(), engine.clock, signal);
        break;
      case "declare-stuck":
        record(engine, journal, { kind: "stuck", because: move.because });
        break;
      case "ask-operator":
        await wake.nap(LONGEST_NAP_MS, engine.clock, signal);
        break;
      case "end":
        record(engine, journal, { kind: "ended", outcome: move.outcome, because: move.because });
        return;
      case "nothing":
        return;
      default:
        move satisfies never;
    }
  }
}

/** Lets whoever writes to a running update's journal call its driver at once. */
export class Wake {
  #controller = new AbortController();

  /** Ends the present nap, or the present step where it is interruptible. */
  call(): void {
    this.#controller.abort(new InstarError("CANCELLED", "something new came up for this update"));
    this.#controller = new AbortController();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async nap(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
    const nap = AbortSignal.any([this.#controller.signal, signal]);
    await clock.sleep(Math.min(Math.max(ms, 0), LONGEST_NAP_MS), nap).catch(() => signal.throwIfAborted());
  }
}

async function runApply(engine: Engine, journal: readonly JournalEntry[], pinned: PinnedStep, attempt: number, wake: Wake, signal: AbortSignal): Promise<void> {
  const step = findStep(engine, pinned);
  const called = wake.signal;
  const context = contextOf(engine, journal, step, attempt, step.interruptible ? AbortSignal.any([signal, called]) : signal);
  // A crash after this entry and before the effect leaves a step that was begun: it is probed and applied again, or undone.
  record(engine, journal, { kind: "applying", step: step.id }, attempt);
  let result: StepResult;
  try {
    result = await probeThenApply(step, context);
  } catch (error) {
    signal.throwIfAborted();
    if (called.aborted && step.interruptible) return;
    throwIfFatal(error);
    record(engine, journal, { kind: "failed", step: step.id, ...explainFailure(error) }, attempt);
    return;
  }
  // A crash after the effect and before this entry leaves a step whose probe answers `present`, or whose apply changes nothing more.
  if (result.kind === "done") record(engine, journal, { kind: "applied", step: step.id, gives: result.gives }, attempt);
  else if (result.kind === "refused")
    record(
      engine,
      journal,
      {
        kind: "failed",
        step: step.id,
        code: result.code,
        because: result.because,
        transient: false,
        ...(result.evidence === undefined ? {} : { evidence: result.evidence }),
      },
      attempt,
    );
  else
    record(
      engine,
      journal,
      {
        kind: "waiting",
        step: step.id,
        waitsFor: result.waitsFor,
        untilTickMs: Math.round(engine.time.tickMs() + result.forMs),
        because: result.because,
        noted: result.noted,
      },
      attempt,
    );
}

/** Asks the world first: what is there already is not made again, and what should not be there stops the update. */
async function probeThenApply(step: Step, context: StepContext): Promise<StepResult> {
  const probe = await step.probe(context);
  if (probe.found === "present") return { kind: "done", gives: probe.gives };
  if (probe.found === "blocked") return { kind: "refused", code: probe.code, because: probe.because };
  return step.apply(context);
}

async function runUndo(engine: Engine, journal: readonly JournalEntry[], pinned: PinnedStep, attempt: number, signal: AbortSignal): Promise<void> {
  const step = findStep(engine, pinned);
  if (typeof step.undo !== "function") throw new InstarError("ROLLBACK_FAILED", `'${step.title}' was pinned as undoable and is not`);
  await engine.freeReserve();
  record(engine, journal, { kind: "undoing", step: step.id }, attempt);
  let gives: Gives;
  try {
    gives = await step.undo(contextOf(engine, journal, step, attempt, signal));
  } catch (error) {
    signal.throwIfAborted();
    throwIfFatal(error);
    const { code, because } = explainFailure(error);
    record(engine, journal, { kind: "undo-failed", step: step.id, code, because }, attempt);
    return;
  }
  record(engine, journal, { kind: "undone", step: step.id, gives }, attempt);
}

function record(engine: Engine, journal: readonly JournalEntry[], body: EntryBody, attempt = 0): void {
  const { update, start } = startOf(journal);
  const given = foldGives(journal);
  const entry = engine.journal.append({
    update,
    attempt,
    body,
    ledger: planLedgerStatements(update, start, body, given),
    also: (database) => {
      engine.also?.(update, start, body);
      const quarantined = quarantinedBy(body, start, given);
      if (quarantined !== undefined)
        database
          .prepare("INSERT OR IGNORE INTO quarantine VALUES (?, ?, ?, ?, ?)")
          .run(quarantined.digest, quarantined.commit ?? "", update, quarantined.because, new Date(engine.clock.wallMs()).toISOString());
      // A person took it all the same, and it stayed.
      if (body.kind === "ended" && body.outcome === "committed" && start.overrides.quarantined && typeof given.digest === "string")
        database.prepare("DELETE FROM quarantine WHERE digest = ?").run(given.digest);
    },
  });
  engine.onEntry(entry);
}

function contextOf(engine: Engine, journal: readonly JournalEntry[], step: Step, attempt: number, signal: AbortSignal): StepContext {
  const { update, start } = startOf(journal);
  const resolved = journal.findLast((entry) => entry.kind === "resolved");
  return {
    update,
    start,
    attempt,
    epoch: engine.journal.epoch,
    given: foldGives(journal),
    noted: foldNoted(journal, step.id),
    mayLoseWrites: resolved?.kind === "resolved" && resolved.mayLoseWrites,
    answers: foldAnswers(journal),
    confirmedAtTickMs: journal.findLast((entry) => entry.kind === "confirmed")?.tickMs ?? null,
    tickMs: () => engine.time.tickMs(),
    signal,
    say: (line) => engine.onProgress(update, step.id, line),
  };
}

export function startOf(journal: readonly JournalEntry[]): { update: UpdateId; start: UpdateStart; steps: readonly PinnedStep[] } {
  const [first] = journal;
  if (first?.kind !== "started") throw new InstarError("DATA_DAMAGED", "an update's journal does not begin with 'started'");
  return { update: first.update, start: first.start, steps: first.steps };
}

function findStep(engine: Engine, pinned: PinnedStep): Step {
  const step = engine.steps.find((candidate) => candidate.id === pinned.id && candidate.version === pinned.version);
  if (step === undefined) throw unknownStep(pinned);
  return step;
}

/** Refuses updates that were begun under definitions which this Instar does not have. Asked once, before anything moves. */
export function assertStepsKnown(journal: readonly JournalEntry[], steps: readonly Step[]): void {
  for (const pinned of startOf(journal).steps) if (!steps.some((step) => step.id === pinned.id && step.version === pinned.version)) throw unknownStep(pinned);
}

function unknownStep(pinned: PinnedStep): InstarError {
  return new InstarError("DATA_TOO_NEW", `an unfinished update was begun with step ${pinned.id} version ${pinned.version}, which this Instar does not have`, {
    facts: { step: pinned.id, version: pinned.version },
    advice: "Start the Instar that began it, let the update end, then change Instar.",
  });
}

export function pinSteps(steps: readonly Step[]): PinnedStep[] {
  return steps.map((step) => ({
    id: step.id,
    version: step.version,
    title: step.title,
    ...(typeof step.undo === "function" ? {} : "impossible" in step.undo ? { undoImpossible: step.undo.impossible } : { undoNeedless: step.undo.needless }),
    ...(step.exchanges ? { exchanges: true as const } : {}),
    ...(step.endsLease ? { endsLease: true as const } : {}),
  }));
}

/** After these nobody knows what the database holds: stop, and let the next start decide from what is on disk. */
function throwIfFatal(error: unknown): void {
  if (InstarError.is(error, "FENCED") || InstarError.is(error, "DATA_DAMAGED")) throw error;
}

/** As journal and people are told of it. */
export function explainFailure(error: unknown): { code: InstarError["code"]; because: string; transient: boolean } {
  if (InstarError.is(error))
    return { code: error.code, because: error.advice === undefined ? error.message : `${error.message}. ${error.advice}`, transient: error.transient };
  return { code: "APPLY_FAILED", because: error instanceof Error ? error.message : String(error), transient: false };
}
