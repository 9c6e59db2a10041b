import { InstarError } from "@instar/protocol";
import { SLOTS } from "../../keeper/keeper-state.ts";
import { describeDamage } from "../../releases/describe-damage.ts";
import { Exchange } from "../exchange.ts";
import type { StepContext } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { recordOf } from "./read-running.ts";

export type Assured = { readonly kind: "intact"; readonly said: string } | { readonly kind: "damaged" | "gone"; readonly because: string };

/**
 * Makes sure that a release is what was sealed before it is started, from the copy that is kept of it where it is not. A release that runs right now is
 * left alone: its files are in use.
 *
 * @param look quick: by sizes and times first, where people may be waiting; whole: every byte
 */
export async function assureRelease(rooms: StepRooms, context: StepContext, release: string, look: "quick" | "whole"): Promise<Assured> {
  const damage = await findDamage(rooms, release, look);
  if (damage === undefined) return { kind: "intact", said: `${release} is intact` };
  const { slots } = await new Exchange(rooms, context).report();
  const isRunning = SLOTS.some((slot) => slots[slot].release === release && slots[slot].alive);
  if (isRunning || !rooms.keptReleases.isKept(release)) return damage;
  try {
    await rooms.keptReleases.restore(release, context.signal);
  } catch (error) {
    context.signal.throwIfAborted();
    if (!InstarError.is(error)) throw error;
    return { ...damage, because: `${damage.because}, and could not be put back: ${error.message}` };
  }
  return { kind: "intact", said: `${damage.because}; it was put back from the copy that is kept` };
}

export const sayAssured = (assured: Assured): string => (assured.kind === "intact" ? assured.said : assured.because);

async function findDamage(
  { releases }: StepRooms,
  release: string,
  look: "quick" | "whole",
): Promise<{ kind: "damaged" | "gone"; because: string } | undefined> {
  if ((await recordOf({ releases }, release)) === undefined) return { kind: "gone", because: `release ${release} is no longer on disk` };
  if (look === "quick" && (await releases.verifyQuickly(release)).kind === "intact") return undefined;
  const intact = await releases.verify(release);
  return intact.kind === "intact" ? undefined : { kind: "damaged", because: `release ${release} was changed on disk: ${describeDamage(intact)}` };
}
