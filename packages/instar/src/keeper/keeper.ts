import type { Clock } from "../platform/clock.ts";
import type { AgentSlot } from "./agent-slot.ts";
import type { Front } from "./front/front.ts";
import type { Backend } from "./front/lane.ts";
import type { KeeperMemory, SlotName } from "./keeper-state.ts";
import type { Predecessor } from "./predecessor.ts";

/** Putting another keeper in the place of this one. */
interface HandingOver {
  /** Resolves when the other one can be reached. @throws InstarError why there is none; unless `isDone`, this one goes on */
  run(): Promise<void>;
  /** Aborted when this keeper is no longer the keeper. */
  readonly isDone: AbortSignal;
  describe(): string | null;
}

/** What the keeper's process holds, for those who act on it. */
export interface Keeper {
  readonly memory: KeeperMemory;
  readonly slots: Readonly<Record<SlotName, AgentSlot>>;
  readonly front: Front | null;
  readonly clock: Clock;
  /** By the wall clock, for people. */
  readonly startedAt: string;
  readonly end: (keepAgent: boolean) => void;
  readonly handOver: HandingOver;
  /** The keeper that this one has replaced; null where there was none. */
  readonly predecessor: Pick<Predecessor, "gone" | "describe"> | null;
  /** When a daemon last gave a command, by the monotonic clock. */
  commandedMs: number;
}

/**
 * The front serves what the memory says. Called after every change of it.
 * @param dead slots whose process ended: their port may be somebody else's by now, so nothing is sent there until they run again
 */
export function pointFront({ memory, slots, front }: Keeper, dead: ReadonlySet<SlotName> = new Set()): void {
  const { routed, share } = memory.state;
  const backendOf = (name: SlotName): Backend | undefined => {
    const { spec, port } = slots[name].state;
    return spec === null || port === null || dead.has(name) ? undefined : { slot: name, release: spec.release, host: "127.0.0.1", port };
  };
  const main = routed === null ? undefined : backendOf(routed);
  const trial = share === null || share.slot === routed ? undefined : backendOf(share.slot);
  if (main === undefined) front?.route(undefined);
  else front?.route(trial === undefined ? { main } : { main, share: { backend: trial, of: share?.of ?? 0 } });
}
