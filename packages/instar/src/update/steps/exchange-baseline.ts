import type { KeeperReport } from "../../keeper/keeper-control.ts";
import { countsOf } from "../exchange.ts";
import type { UpdateId } from "../journal-entry.ts";
import type { StepContext } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";

/** What the front had counted when an update first touched what serves. */
export interface Baseline {
  /** What the front had counted for the old release when the exchange began. */
  readonly before: Counted;
  /** The same for the new one: not nothing where it ran before. */
  readonly since: Counted;
}
type Counted = ReturnType<typeof countsOf>;

type Origin = Pick<StepContext, "update" | "start">;

const baselineFact = (context: Origin) => `exchange:${originOf(context)}`;

/** The update that first put the release in place: a version that is watched again goes back to what was before *that*. */
export function originOf({ update, start }: Pick<StepContext, "update" | "start">): UpdateId {
  return start.watches ?? update;
}

export function readBaseline(rooms: Pick<StepRooms, "facts">, context: Origin): Baseline | undefined {
  return rooms.facts.read<Baseline>(baselineFact(context));
}

export function measureBaseline({ start, given }: StepContext, report: KeeperReport): Baseline {
  return { before: countsOf(report, start.releaseFrom), since: countsOf(report, String(given.release)) };
}

/** Kept on disk from the first beginning on: a daemon that resumes must not count from later. */
export async function keepBaseline(rooms: StepRooms, context: StepContext, report: KeeperReport): Promise<Baseline> {
  const kept = readBaseline(rooms, context);
  if (kept !== undefined) return kept;
  // What the old version did up to now is recorded as its own, before anything of the new one is.
  await rooms.observer.close();
  const baseline = measureBaseline(context, report);
  rooms.facts.write(baselineFact(context), baseline);
  return baseline;
}
