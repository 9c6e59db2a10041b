import type { Clock } from "../../platform/clock.ts";
import type { Lane } from "./lane.ts";
import { planRetirement } from "./plan-retirement.ts";
import type { Tunnel } from "./tunnel.ts";

export interface RetireOptions {
  readonly withinMs: number;
  /** How many are told at a time. */
  readonly group: number;
}

/** The connections that left HTTP, or are about to: they do not end by themselves when an agent is to go. */
export interface Tunnels {
  /** `start` gives the tunnel, and calls what it gets when nothing of it is left. */
  open(lane: Lane, start: (onOver: () => void) => Tunnel): void;
  /** See Front.retire. */
  retire(lanes: readonly Lane[], options: RetireOptions): Promise<void>;
}

/** For the last bytes of those whose time is over. */
const GRACE_MS = 2_000;

export function createTunnels(clock: Clock): Tunnels {
  const members = new Set<Member>();
  const retirements = new WeakMap<Lane, Retirement>();
  const waiters = new Set<() => boolean>();

  /** Tells a group when its turn comes, and sees to it that it is gone in the end. */
  const seeOff = async (group: Member[], { beganMs, withinMs }: Retirement, tellAfterMs: number) => {
    const allGone = new AbortController();
    let left = group.length;
    for (const member of group)
      member.onGone = () => {
        left -= 1;
        if (left === 0) allGone.abort();
      };
    const stillHere = async (afterMs: number) => {
      await clock.sleep(beganMs + afterMs - clock.monotonicMs(), allGone.signal);
      return group.filter((member) => members.has(member));
    };
    for (const { tunnel } of await stillHere(tellAfterMs)) tunnel?.tell();
    for (const { tunnel } of await stillHere(withinMs)) tunnel?.finish();
    for (const { tunnel } of await stillHere(withinMs + GRACE_MS)) tunnel?.cut();
  };
  const startSeeingOff = (group: Member[], retirement: Retirement, tellAfterMs: number) => void seeOff(group, retirement, tellAfterMs).catch(() => {}); // All were gone before.

  /** A retirement has had its time some while after the last was cut; who comes then is welcome. */
  const retirementOf = (lane: Lane): Retirement | undefined => {
    const known = retirements.get(lane);
    return known !== undefined && clock.monotonicMs() <= known.beganMs + known.withinMs + GRACE_MS ? known : undefined;
  };

  return {
    open(lane, start) {
      const member: Member = { lane, tunnel: undefined, onGone: () => {} };
      members.add(member);
      member.tunnel = start(() => {
        if (!members.delete(member)) return;
        member.onGone();
        for (const settle of waiters) if (settle()) waiters.delete(settle);
      });
      const retirement = retirementOf(lane);
      if (retirement !== undefined && members.has(member)) startSeeingOff([member], retirement, 0);
    },

    retire(lanes, { withinMs, group }) {
      const fresh = lanes.filter((lane) => retirementOf(lane) === undefined);
      const retirement = { beganMs: clock.monotonicMs(), withinMs };
      for (const lane of fresh) retirements.set(lane, retirement);
      const concerned = [...members].filter(({ lane }) => fresh.includes(lane));
      for (const { size, afterMs } of planRetirement({ count: concerned.length, group, withinMs }))
        startSeeingOff(concerned.splice(0, size), retirement, afterMs);
      return new Promise((resolve) => {
        const settle = () => {
          const isAnyLeft = [...members].some(({ lane }) => lanes.includes(lane));
          if (!isAnyLeft) resolve();
          return !isAnyLeft;
        };
        if (!settle()) waiters.add(settle);
      });
    },
  };
}

interface Member {
  readonly lane: Lane;
  tunnel: Tunnel | undefined;
  onGone: () => void;
}

interface Retirement {
  readonly beganMs: number;
  readonly withinMs: number;
}
