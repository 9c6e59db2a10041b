import type { Risk } from "@instar/protocol";
import { RISKS } from "@instar/protocol";
import type { Facts } from "../../database/facts.ts";
import type { ObservationPlan } from "../../observation/observation-plan.ts";
import { planBaseline } from "../../observation/plan-baseline.ts";
import type { Settings } from "../../settings/settings.ts";
import type { UpdateId } from "../journal-entry.ts";
import type { StepContext } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { planLimits } from "./plan-observation.ts";

/** What a watch was begun with. Settings that change meanwhile change nothing of it, and its verdicts can be computed again. */
export interface PinnedWatch {
  /** Instance time from which on requests reach the version: buckets from here on count, and the time to confirm. */
  readonly servedAtTickMs: number;
  readonly plan: ObservationPlan;
  readonly confirmWithinMs: number | null;
  readonly onBlind: Settings["watch"]["onBlind"];
}

const factOf = (step: "watch" | "trial", update: UpdateId) => `${step}:${update}`;

export const readPinnedWatch = (facts: Facts, step: "watch" | "trial", update: UpdateId): PinnedWatch | undefined =>
  facts.read<PinnedWatch>(factOf(step, update));

/** Begins a watch, or goes on with one that was begun. A crash before it is written begins it anew, at the same time of service where that is known. */
export function pinWatch(rooms: StepRooms, context: StepContext, step: "watch" | "trial", servedAtTickMs: number): PinnedWatch {
  const known = readPinnedWatch(rooms.facts, step, context.update);
  if (known !== undefined) return known;
  const { settings, observer, facts } = rooms;
  const { start, given, update } = context;
  const release = String(given.release);
  const before = start.releaseFrom === null ? [] : observer.record.read(start.releaseFrom, 0, servedAtTickMs);
  const pinned: PinnedWatch = {
    servedAtTickMs,
    plan: {
      limits: planLimits(settings, { release, risk: riskOf(rooms, context) }, step === "trial" ? settings.exchange.trial : undefined),
      baseline: planBaseline(before),
    },
    confirmWithinMs: step === "trial" ? null : (start.overrides.confirmWithinMs ?? settings.watch.confirmWithin ?? null),
    onBlind: settings.watch.onBlind,
  };
  facts.write(factOf(step, update), pinned);
  return pinned;
}

/** Of what the change touches. Watched again it is what it was; where nobody worked it out, it is not taken for little. */
function riskOf({ facts }: StepRooms, { given, start }: StepContext): Risk {
  // All of a first version is new, so its risk tells nothing; and there is none to go back to, only updates that would wait for days.
  if (start.trigger === "first") return "low";
  const risk = RISKS.find((known) => known === given.risk);
  if (risk !== undefined) return risk;
  const origin = start.watches === undefined ? undefined : readPinnedWatch(facts, "watch", start.watches);
  return origin?.plan.limits.risk ?? "medium";
}
