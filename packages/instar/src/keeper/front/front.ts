import type { IncomingMessage } from "node:http";
import { InstarError } from "@instar/protocol";
import type { Clock } from "../../platform/clock.ts";
import { answerRefusal, writeRefusal } from "./answer-refusal.ts";
import type { Visit } from "./client-line.ts";
import { type Forwarding, forwardRequest } from "./forward-request.ts";
import { forwardUpgrade, type Upgrade } from "./forward-upgrade.ts";
import { countRequest, emptyCounts, type FrontCounts } from "./front-counts.ts";
import { createHoldQueue, type HoldLimits, type Waiter } from "./hold-queue.ts";
import { type Backend, createLane, type Lane } from "./lane.ts";
import type { Refusal } from "./plan-refusal.ts";
import { createPublicPort } from "./public-port.ts";

export interface FrontOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly hold: HoldLimits;
  readonly clock: Clock;
  /** What an earlier front of this instance counted. */
  readonly initialCounts?: FrontCounts;
  /** Each request that an agent failed, and whatever the listening socket reports. Must not throw. */
  readonly onError?: (error: InstarError) => void;
  /** Linux: lets a new keeper listen beside the old one while it takes over. */
  readonly reusePort?: boolean;
}

/** The public port. It stays while the agent behind it changes. */
export interface Front {
  /** @throws InstarError PORT_IN_USE, PLATFORM_FAILED */
  listen(): Promise<{ host: string; port: number }>;
  /**
   * Takes no more connections and resolves when the last one is gone. Answers from now on end their connection; idle connections
   * may still ask until their keep-alive time is over; whatever is left after `graceMs` is cut.
   */
  close(options: { graceMs: number }): Promise<void>;
  /** Sends every request that is forwarded from now on to this backend, or answers 503 where there is none. */
  route(backend: Backend | undefined): void;
  /** From now on nothing is forwarded: requests wait in order, within the limits. */
  hold(): void;
  release(): void;
  isHolding(): boolean;
  /**
   * Resolves when nothing is under way to a slot: no request, no stream, no tunnel. Unless the front is holding or routed away
   * from that slot, the next request may already be there.
   *
   * @throws the signal's reason
   */
  whenDrained(slot: string, signal?: AbortSignal): Promise<void>;
  /** A copy of the counts so far. */
  counts(): FrontCounts;
  status(): FrontStatus;
}

export interface FrontStatus {
  readonly listening?: { readonly host: string; readonly port: number };
  readonly backend?: Backend;
  readonly isHolding: boolean;
  readonly isClosing: boolean;
  readonly waiting: { readonly requests: number; readonly bytes: number };
  /** Requests, streams and tunnels under way, by slot. */
  readonly inFlight: Readonly<Record<string, number>>;
  readonly connections: number;
}

/** What a socket buffers of a body that nobody reads. */
const UNREAD_BODY_BYTES = 64 * 1024;

export function createFront(options: FrontOptions): Front {
  const { clock } = options;
  const counts = structuredClone(options.initialCounts ?? emptyCounts());
  const queue = createHoldQueue(options.hold, clock, counts);
  const lanes = new Set<Lane>();
  const drains = new Set<{ slot: string; resolve: () => void }>();
  let current: Lane | undefined;
  let listening: { host: string; port: number } | undefined;
  let isClosing = false;
  let isCutting = false;

  const publicPort = createPublicPort({ ...options, onVisit: enter, onUpgrade: enterUpgrade });

  function enter(visit: Visit): void {
    const { request, response } = visit;
    const leave = admit({ sizeBytes: sizeOfBody(request), go: () => forwardVisit(visit), refuse: (refusal) => answerRefusal(response, refusal) });
    response.once("close", leave);
  }

  function enterUpgrade(upgrade: Upgrade): void {
    const { socket } = upgrade;
    const leave = admit({ sizeBytes: 0, go: () => forwardSwitch(upgrade), refuse: (refusal) => writeRefusal(socket, refusal, clock) });
    socket.once("close", leave);
  }

  /** Lets a request pass or wait; gives what to do when its client is gone. */
  function admit(waiter: Waiter): () => void {
    if (!queue.isHolding()) {
      waiter.go();
      return () => {};
    }
    const leave = queue.join(waiter);
    return () => {
      if (leave()) countClientGone();
    };
  }

  function forwardVisit(visit: Visit): void {
    if (visit.spoiled.aborted) return;
    if (current === undefined) answerRefusal(visit.response, refuseWithoutBackend());
    else forwardRequest(visit, openForwarding(current, visit.request));
  }

  function forwardSwitch(upgrade: Upgrade): void {
    if (current === undefined) writeRefusal(upgrade.socket, refuseWithoutBackend(), clock);
    else forwardUpgrade(upgrade, openForwarding(current, upgrade.request));
  }

  function refuseWithoutBackend(): Refusal {
    counts.noBackend += 1;
    return { status: 503, because: "There is no agent to answer.", retryAfterS: 1 };
  }

  function openForwarding(lane: Lane, request: IncomingMessage): Forwarding {
    const { slot, release } = lane.backend;
    return {
      lane,
      clock,
      counted: countRequest(counts, release, request.method ?? "GET"),
      onBroken: (cause) =>
        options.onError?.(new InstarError("UNHEALTHY", "The agent broke off in the middle of a request", { cause, facts: { slot, release } })),
      onClientGone: countClientGone,
      onOver: lane.enter(),
    };
  }

  function countClientGone(): void {
    if (!isCutting) counts.clientAborts += 1;
  }

  function isDrained(slot: string): boolean {
    return ![...lanes].some((lane) => lane.backend.slot === slot && lane.inFlight() > 0);
  }

  function onLeave(): void {
    for (const lane of lanes) if (lane !== current && lane.inFlight() === 0) lanes.delete(lane);
    for (const drain of drains) if (isDrained(drain.slot)) drain.resolve();
  }

  return {
    async listen() {
      listening = await publicPort.listen();
      return listening;
    },

    async close({ graceMs }) {
      isClosing = true;
      listening = undefined;
      await publicPort.close({
        graceMs,
        beforeCut() {
          isCutting = true;
          queue.refuseAll();
        },
      });
      current?.retire();
      current = undefined;
      onLeave();
    },

    route(backend) {
      if (current !== undefined && backend !== undefined && isSame(current.backend, backend)) return;
      current?.retire();
      current = backend === undefined ? undefined : createLane(backend, onLeave);
      if (current !== undefined) lanes.add(current);
      onLeave();
    },

    hold: queue.hold,
    release: queue.release,
    isHolding: queue.isHolding,

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

    counts: () => structuredClone(counts),

    status() {
      const inFlight: Record<string, number> = {};
      for (const lane of lanes) inFlight[lane.backend.slot] = (inFlight[lane.backend.slot] ?? 0) + lane.inFlight();
      return {
        ...(listening === undefined ? {} : { listening }),
        ...(current === undefined ? {} : { backend: current.backend }),
        isHolding: queue.isHolding(),
        isClosing,
        waiting: queue.waiting(),
        inFlight,
        connections: publicPort.connections(),
      };
    },
  };
}

/** What counts against the hold's bytes: the declared length, or for chunks as much as a socket buffers of them. */
function sizeOfBody(request: IncomingMessage): number {
  if (request.headers["transfer-encoding"] !== undefined) return UNREAD_BODY_BYTES;
  return Number(request.headers["content-length"] ?? 0);
}

function isSame(left: Backend, right: Backend): boolean {
  return left.slot === right.slot && left.release === right.release && left.host === right.host && left.port === right.port;
}
