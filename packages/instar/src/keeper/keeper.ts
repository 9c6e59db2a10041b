import type { Clock } from "../platform/clock.ts";
import type { AgentSlot } from "./agent-slot.ts";
import type { Front } from "./front/front.ts";
import type { KeeperMemory, SlotName } from "./keeper-state.ts";

/** What the keeper's process holds, for those who act on it. */
export interface Keeper {
  readonly memory: KeeperMemory;
  readonly slots: Readonly<Record<SlotName, AgentSlot>>;
  readonly front: Front | null;
  readonly clock: Clock;
  readonly end: (keepAgent: boolean) => void;
  /** When a daemon last gave a command, by the monotonic clock. */
  commandedMs: number;
}

/** The front serves what the memory says. Called after every change of it. */
export function pointFront({ memory, front }: Keeper): void {
  const { routed, slots } = memory.state;
  const slot = routed === null ? null : slots[routed];
  if (routed === null || slot === null || slot.spec === null || slot.port === null) front?.route(undefined);
  else front?.route({ main: { slot: routed, release: slot.spec.release, host: "127.0.0.1", port: slot.port } });
}
