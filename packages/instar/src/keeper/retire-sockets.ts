import type { Clock } from "../platform/clock.ts";
import type { Front } from "./front/front.ts";
import type { SlotName } from "./keeper-state.ts";

interface Around {
  readonly front: Pick<Front, "retire"> | null;
  readonly clock: Clock;
  /** Where new requests go just now. */
  readonly routed: () => SlotName | null;
}

/** Tells the WebSockets of a slot to come again, after a pause in which the version that they will meet gets warm. */
export async function retireSockets(
  { front, clock, routed }: Around,
  { slot, group, withinMs, afterMs }: { readonly slot: SlotName; readonly group: number; readonly withinMs: number; readonly afterMs: number },
): Promise<void> {
  if (afterMs > 0) {
    await clock.sleep(afterMs);
    // It went back meanwhile: who is connected there is where everybody else goes.
    if (routed() === slot) return;
  }
  await front?.retire(slot, { group, withinMs });
}
