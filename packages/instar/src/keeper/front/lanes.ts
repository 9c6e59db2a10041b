import type { Clock } from "../../platform/clock.ts";
import { type Backend, createLane, type Lane } from "./lane.ts";
import { planRoute, type Routing } from "./plan-route.ts";

/** The ways to all backends that are routed to, or that something is still under way to. */
export interface Lanes {
  /** For every request from now on; a backend that stays keeps its lane and so its pooled connections. */
  route(routing: Routing | undefined): void;
  /** The way of a new request. The caller's unit is only asked for where there is a choice. */
  pick(unit: () => string): Lane | undefined;
  routing(): Routing | undefined;
  /** Of a slot: the one that is routed to, and those that still have something under way. */
  ofSlot(slot: string): readonly Lane[];
  /** Requests, streams and tunnels under way, by slot. */
  inFlight(): Record<string, number>;
  /** See Front.whenDrained. */
  whenDrained(slot: string, signal?: AbortSignal): Promise<void>;
}

export function createLanes(clock: Clock): Lanes {
  const lanes = new Set<Lane>();
  const drains = new Set<{ slot: string; resolve: () => void }>();
  let current: { readonly routing: Routing; readonly main: Lane; readonly share?: { readonly lane: Lane; readonly of: number } } | undefined;

  const isRouted = (lane: Lane) => current !== undefined && (lane === current.main || lane === current.share?.lane);
  const isDrained = (slot: string) => ![...lanes].some((lane) => lane.backend.slot === slot && lane.inFlight() > 0);
  const onLeave = () => {
    for (const lane of lanes) if (!isRouted(lane) && lane.inFlight() === 0) lanes.delete(lane);
    for (const drain of drains) if (isDrained(drain.slot)) drain.resolve();
  };
  const open = (backend: Backend, among: readonly Lane[]): Lane => {
    const known = among.find((lane) => isSame(lane.backend, backend));
    if (known !== undefined) return known;
    const fresh = createLane(backend, onLeave, clock);
    lanes.add(fresh);
    return fresh;
  };

  return {
    route(routing) {
      const before = [...lanes].filter(isRouted);
      if (routing === undefined) current = undefined;
      else {
        const main = open(routing.main, before);
        const share = routing.share === undefined ? {} : { share: { lane: open(routing.share.backend, [...before, main]), of: routing.share.of } };
        current = { routing, main, ...share };
      }
      for (const lane of before) if (!isRouted(lane)) lane.retire();
      onLeave();
    },

    pick(unit) {
      const share = current?.share;
      if (current === undefined || share === undefined) return current?.main;
      return planRoute({ release: share.lane.backend.release, of: share.of }, unit()) === "share" ? share.lane : current.main;
    },

    routing: () => current?.routing,

    ofSlot: (slot) => [...lanes].filter((lane) => lane.backend.slot === slot),

    inFlight() {
      const bySlot: Record<string, number> = {};
      for (const lane of lanes) bySlot[lane.backend.slot] = (bySlot[lane.backend.slot] ?? 0) + lane.inFlight();
      return bySlot;
    },

    whenDrained(slot, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        if (isDrained(slot)) return resolve();
        const settle = (act: () => void) => () => {
          drains.delete(drain);
          signal?.removeEventListener("abort", giveUp);
          act();
        };
        const drain = { slot, resolve: settle(resolve) };
        const giveUp = settle(() => reject(signal?.reason));
        drains.add(drain);
        signal?.addEventListener("abort", giveUp, { once: true });
      });
    },
  };
}

function isSame(left: Backend, right: Backend): boolean {
  const isSameDoor = left.host === right.host && left.port === right.port && left.socketPath === right.socketPath;
  return isSameDoor && left.slot === right.slot && left.release === right.release;
}
