import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EntryBody, JournalEntry, PinnedStep } from "./journal-entry.ts";
import { type Move, planNextMove } from "./plan-next-move.ts";
import {
  applied,
  applying,
  cancelled,
  ended,
  failed,
  resolved,
  stuck,
  stumbled,
  superseded,
  type Told,
  tellJournal,
  undoFailed,
  undoing,
  undone,
  waiting,
} from "./tell-journal.testing.ts";

/** What the world does with one move. What does not fit the move goes well. */
const CHANCES = ["well", "well", "well", "died", "died", "stumbled", "failed", "waits", "hopeless", "cancelled", "superseded"] as const;
type Chance = (typeof CHANCES)[number];

interface Life {
  readonly steps: readonly PinnedStep[];
  readonly chances: readonly Chance[];
  readonly answers: readonly ("retry" | "accept" | "abandon")[];
}

interface Lived {
  readonly journal: readonly JournalEntry[];
  readonly moves: readonly { readonly move: Move; readonly before: number; readonly nowTickMs: number }[];
}

/** Some steps in a row: one may exchange, a later one may end the lease, some need no undoing or have none. */
const steps: fc.Arbitrary<readonly PinnedStep[]> = fc
  .record({
    undos: fc.array(fc.constantFrom("undo", "undo", "undo", "needless", "impossible"), { minLength: 1, maxLength: 6 }),
    exchange: fc.nat({ max: 5 }),
    lease: fc.nat({ max: 5 }),
  })
  .map(({ undos, exchange, lease }) =>
    undos.map((undo, index) => ({
      id: `step-${index}`,
      version: 1,
      title: `Step ${index}`,
      ...(undo === "needless" ? { undoNeedless: "it only looks" } : undo === "impossible" ? { undoImpossible: "it is posted" } : {}),
      ...(index === exchange ? { exchanges: true as const } : {}),
      ...(index === lease && lease > exchange ? { endsLease: true as const } : {}),
    })),
  );

const life: fc.Arbitrary<Life> = fc.record({
  steps,
  chances: fc.oneof(
    fc.array(fc.constantFrom(...CHANCES), { maxLength: 40 }),
    // A step that kills its daemon over and over, and then an undo that does too.
    fc.nat({ max: 6 }).map((well) => [...Array.from({ length: well }, () => "well" as const), ...Array.from({ length: 14 }, () => "died" as const)]),
  ),
  answers: fc.array(fc.constantFrom("retry", "retry", "accept", "abandon"), { maxLength: 3 }),
});

const property = (check: (lived: Lived, life: Life) => void) =>
  fc.assert(
    fc.property(life, (given) => check(live(given), given)),
    { numRuns: 1_500 },
  );

describe("over all that can happen to an update", () => {
  it("it ends exactly once, and nothing moves afterwards", () =>
    property(({ journal }) => {
      expect(journal.filter((entry) => entry.kind === "ended")).toHaveLength(1);
      expect(journal.at(-1)?.kind).toBe("ended");
      expect(planNextMove(journal, 1e12).move).toBe("nothing");
    }));

  it("no step is begun after the first was undone", () =>
    property(({ journal }) => {
      const turned = journal.findIndex((entry) => entry.kind === "undoing");
      if (turned !== -1) expect(journal.slice(turned).filter((entry) => entry.kind === "applying")).toEqual([]);
    }));

  it("it is committed with every step and none undone, or undone with none left", () =>
    property(({ journal }, { steps }) => {
      const left = leftOver(journal, steps);
      switch (outcomeOf(journal)) {
        case "committed":
          expect(journal.some((entry) => entry.kind === "undoing")).toBe(false);
          expect(steps.every((step) => journal.some((entry) => entry.kind === "applied" && entry.step === step.id))).toBe(true);
          break;
        case "superseded":
          expect(journal.some((entry) => entry.kind === "undoing" || (entry.kind === "failed" && !entry.transient))).toBe(false);
          break;
        case "stuck-resolved":
          expect(journal.some((entry) => entry.kind === "stuck")).toBe(true);
          break;
        default:
          expect(left).toEqual([]);
      }
    }));

  it("it is called rolled back exactly where the exchange had begun and was undone", () =>
    property(({ journal }, { steps }) => {
      const exchanging = steps.find((step) => step.exchanges)?.id;
      const begun = journal.some((entry) => entry.kind === "applying" && entry.step === exchanging);
      const outcome = outcomeOf(journal);
      if (outcome === "rolled-back") expect(begun).toBe(true);
      if (outcome === "refused" || outcome === "cancelled") expect(begun).toBe(false);
    }));

  it("a newer version that comes before the exchange keeps it from beginning, and one that comes within it changes nothing until the lease ends", () =>
    property(({ journal }, { steps }) => {
      const asked = journal.findIndex((entry) => entry.kind === "supersede-requested");
      const exchanging = steps.find((step) => step.exchanges)?.id;
      if (asked === -1 || exchanging === undefined) return;
      const begins = journal.findIndex((entry) => entry.kind === "applying" && entry.step === exchanging);
      if (begins === -1 || asked < begins) expect(begins).toBe(-1);
      if (begins === -1 || asked < begins) expect(["cancelled", "refused", "stuck-resolved"]).toContain(outcomeOf(journal));
      const confirming = steps.find((step) => step.endsLease)?.id;
      const isConfirmed = journal.some((entry) => entry.kind === "applied" && entry.step === confirming);
      if (outcomeOf(journal) === "superseded") expect([begins < asked, isConfirmed]).toEqual([true, true]);
    }));

  it("steps are undone in the exact reverse of the order in which they were begun", () =>
    property(({ journal }, { steps }) => {
      const undoable = new Set(steps.filter((step) => step.undoNeedless === undefined).map((step) => step.id));
      const begun = distinct(journal, "applying").filter((step) => undoable.has(step));
      const undone = distinct(journal, "undoing");
      expect(undone).toEqual(begun.toReversed().slice(0, undone.length));
    }));

  it("a step is undone to its end before the next one is touched", () =>
    property(({ journal }) => {
      const open = new Set<string>();
      for (const entry of journal) {
        if (entry.kind === "undoing") expect([...open].filter((step) => step !== entry.step)).toEqual([]);
        if (entry.kind === "undoing") open.add(entry.step);
        if (entry.kind === "undone") open.delete(entry.step);
      }
    }));

  it("the wall clock decides nothing", () =>
    property(({ journal, moves }) => {
      for (const { move, before, nowTickMs } of moves)
        expect(
          planNextMove(
            journal.slice(0, before).map((entry) => ({ ...entry, at: "2126-01-01T00:00:00.000Z" })),
            nowTickMs,
          ),
        ).toEqual(move);
    }));

  it("time turns a pause into a look, and never into an end", () =>
    property(({ journal, moves }) => {
      for (const { move, before } of moves) {
        const later = planNextMove(journal.slice(0, before), 1e12);
        if (move.move === "wait") expect(later).toMatchObject({ move: "apply", step: { id: move.step } });
        else if (move.move === "retry") expect(later).toMatchObject({ step: { id: move.step } });
        else expect(later).toEqual(move);
      }
    }));
});

/** Lives an update to its end: chances first, and when they are used up everything goes well. */
function live({ steps, chances, answers }: Life): Lived {
  const told: Told[] = [];
  const moves: { move: Move; before: number; nowTickMs: number }[] = [];
  const left = [...chances];
  const says = [...answers];
  let nowTickMs = 0;
  for (let turn = 0; turn < 400; turn += 1) {
    const journal = tellJournal(told, steps);
    const move = planNextMove(journal, nowTickMs);
    moves.push({ move, before: journal.length, nowTickMs });
    const tell = (...bodies: EntryBody[]): void => {
      for (const body of bodies) told.push({ ...body, tickMs: nowTickMs });
    };
    switch (move.move) {
      case "apply":
        tell(applying(move.step.id), ...answerToApply(move.step.id, left.shift() ?? "well", nowTickMs));
        break;
      case "undo":
        tell(undoing(move.step.id), ...answerToUndo(move.step.id, left.shift() ?? "well"));
        break;
      case "wait":
        nowTickMs = move.untilTickMs;
        break;
      case "retry":
        nowTickMs = move.atTickMs;
        break;
      case "declare-stuck":
        tell(stuck(move.because));
        break;
      case "ask-operator":
        tell(resolved(says.shift() ?? "accept"));
        break;
      case "end":
        tell(ended(move.outcome, move.because));
        break;
      case "nothing":
        return { journal, moves };
    }
  }
  throw new Error("it never ended");
}

function answerToApply(step: string, chance: Chance, nowTickMs: number): EntryBody[] {
  switch (chance) {
    case "died":
      return [];
    case "stumbled":
      return [stumbled(step)];
    case "failed":
    case "hopeless":
      return [failed(step)];
    case "waits":
      return [waiting(step, nowTickMs + 700)];
    case "cancelled":
      return [cancelled, applied(step)];
    case "superseded":
      return [superseded, applied(step)];
    default:
      return [applied(step)];
  }
}

function answerToUndo(step: string, chance: Chance): EntryBody[] {
  if (chance === "died") return [];
  if (chance === "hopeless") return [undoFailed(step, "ROLLBACK_FAILED")];
  if (chance === "failed" || chance === "stumbled") return [undoFailed(step)];
  if (chance === "cancelled") return [cancelled, undone(step)];
  return [undone(step)];
}

const outcomeOf = (journal: readonly JournalEntry[]) => journal.flatMap((entry) => (entry.kind === "ended" ? [entry.outcome] : []))[0];

const distinct = (journal: readonly JournalEntry[], kind: "applying" | "undoing") => [
  ...new Set(journal.flatMap((entry) => (entry.kind === kind ? [entry.step] : []))),
];

function leftOver(journal: readonly JournalEntry[], steps: readonly PinnedStep[]): string[] {
  const undone = new Set(journal.flatMap((entry) => (entry.kind === "undone" ? [entry.step] : [])));
  return distinct(journal, "applying").filter((id) => !undone.has(id) && steps.find((step) => step.id === id)?.undoNeedless === undefined);
}
