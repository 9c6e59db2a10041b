import { type Implementations, InstarError } from "@instar/protocol";
import type { JournalEntry } from "../update/journal-entry.ts";
import { planNextMove } from "../update/plan-next-move.ts";
import type { OperationContext } from "./context.ts";

export function implementKeeper({ instance, daemon }: OperationContext): Pick<Implementations, "keeper.replace"> {
  return {
    "keeper.replace": async () => {
      if (daemon === undefined) throw new InstarError("NOT_RUNNING", `Instar does not run for ${instance.name}`, { advice: "Start it with `instar up`." });
      const { journal, rooms, time } = instance;
      for (const update of journal.unfinished()) {
        const because = whatIsExchanged(journal.read(update), time.tickMs());
        if (because === undefined) continue;
        throw new InstarError("CONFLICT", `update ${update} is exchanging versions: ${because}`, {
          facts: { update },
          advice: "Try again when `instar status` shows that it is over.",
        });
      }
      const beganMs = rooms.clock.monotonicMs();
      const { pid: before } = await rooms.keeper.state();
      await rooms.keeper.command({ do: "hand-over", epoch: journal.epoch });
      const { pid, startedAt, handOver } = await rooms.keeper.state();
      return { pid, startedAt, before, tookMs: Math.round(rooms.clock.monotonicMs() - beganMs), handOver };
    },
  };
}

/** What an update waits for that has begun to exchange versions and has not confirmed the new one; undefined where none is at that. */
function whatIsExchanged(journal: readonly JournalEntry[], nowTickMs: number): string | undefined {
  const [first] = journal;
  if (first?.kind !== "started") return undefined;
  const isTouched = (step: string | undefined) => journal.some((entry) => entry.kind === "applying" && entry.step === step);
  const isDone = (step: string | undefined) => journal.some((entry) => entry.kind === "applied" && entry.step === step);
  if (!first.steps.some(({ id, exchanges }) => exchanges && isTouched(id))) return undefined;
  const move = planNextMove(journal, nowTickMs);
  switch (move.move) {
    case "undo":
      return `it is going back, and '${move.step.title}' is to be undone`;
    case "apply":
      return isDone(first.steps.find(({ endsLease }) => endsLease)?.id) ? undefined : `'${move.step.title}' is not done`;
    case "wait":
    case "retry":
      return isDone(first.steps.find(({ endsLease }) => endsLease)?.id) && !journal.some(({ kind }) => kind === "undoing") ? undefined : move.because;
    case "ask-operator":
      // It stands still until a person answers; what it left is what serves.
      return undefined;
    default:
      return undefined;
  }
}
