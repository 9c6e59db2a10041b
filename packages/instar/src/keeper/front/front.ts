import type { IncomingMessage } from "node:http";
import type { Server } from "node:net";
import { InstarError } from "@instar/protocol";
import type { Clock } from "../../platform/clock.ts";
import { answerItself } from "./answer-itself.ts";
import { answerRefusal, writeRefusal } from "./answer-refusal.ts";
import type { Visit } from "./client-line.ts";
import { type Forwarding, forwardRequest } from "./forward-request.ts";
import { forwardUpgrade, type Upgrade } from "./forward-upgrade.ts";
import { countRequest, emptyCounts, type FrontCounts } from "./front-counts.ts";
import { createHoldQueue, type HoldLimits, type Waiter } from "./hold-queue.ts";
import type { Backend, Lane } from "./lane.ts";
import { createLanes } from "./lanes.ts";
import type { LiveCertificate } from "./live-certificate.ts";
import { mergeCounts } from "./merge-counts.ts";
import { asksForHealth, planHealth } from "./plan-health.ts";
import type { Tell } from "./plan-origin.ts";
import type { Refusal } from "./plan-refusal.ts";
import { type Routing, type StickBy, unitOf } from "./plan-route.ts";
import { createPublicPort } from "./public-port.ts";
import { createOriginReader, type Origin } from "./read-origin.ts";
import { createTunnels, type RetireOptions } from "./tunnels.ts";

export interface FrontOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly hold: HoldLimits;
  readonly clock: Clock;
  /** HTTPS is spoken, and nothing else. A socket of its own is listened on once this is loaded; for one that is handed over it has to be loaded before. */
  readonly certificate?: LiveCertificate;
  /** What makes two requests the same caller's, for a routing with a share; the client's address where it is left out. */
  readonly stickBy?: StickBy;
  /** Where the front answers for itself, also while requests are held: GET and HEAD of exactly this path, whatever the query. */
  readonly healthPath?: string;
  /**
   * How the agent is told who asked: `["x-forwarded"]` where it is left out. With the PROXY protocol each connection to the agent
   * carries one request, since it says whose it is; of its two versions the second goes first.
   */
  readonly tells?: readonly Tell[];
  /** Addresses and CIDR ranges of proxies before the front whose word on who asked is believed. Only such as set or drop all that clients send of it. */
  readonly trustedProxies?: readonly string[];
  /** What an earlier front of this instance counted. */
  readonly initialCounts?: FrontCounts;
  /** Each request that an agent failed, and whatever the listening socket reports. Must not throw. */
  readonly onError?: (error: InstarError) => void;
}

/** The public port. It stays while the agent behind it changes. */
export interface Front {
  /**
   * @param handed a listening socket of another process, to be listened on instead of one of our own. Node accepts on it from the moment
   *   it arrived, so this must be called before the event loop turns: until then no connection can have come to the wrong server
   * @throws InstarError PORT_IN_USE, SETTINGS_INVALID where there is no certificate to show, PLATFORM_FAILED
   */
  listen(handed?: Server): Promise<{ host: string; port: number }>;
  /** What listens, for handing its socket to another process; undefined while nothing does. */
  listener(): Server | undefined;
  /**
   * Takes no more connections (another process that listens on the same socket goes on taking them) and resolves when the last one is gone. Answers from now on end their connection; idle connections
   * may still ask until their keep-alive time is over; whatever is left after `graceMs` is cut.
   */
  close(options: { graceMs: number }): Promise<void>;
  /**
   * Sends every request that is forwarded from now on there, or answers 503 where there is no backend; what is under way stays
   * where it is. Of a share the caller decides (see `planRoute`), so that each caller keeps meeting the same release.
   */
  route(routing: Routing | undefined): void;
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
  /**
   * Sends the WebSockets of a slot elsewhere: their clients are told to reconnect (close code 1012, "Service Restart"), a `group` at
   * a time, spread over `withinMs`; what the agent says after that is dropped, what a client had sent still arrives. At `withinMs` whoever
   * was told is ended, and two seconds later everything that left HTTP on its way to that slot is cut. Resolves when none is left.
   *
   * Who comes to the slot meanwhile is told at once: route away first, or hold. Asked again, it goes on as it is.
   */
  retire(slot: string, options: RetireOptions): Promise<void>;
  /** A copy of the counts so far. */
  counts(): FrontCounts;
  /** Adds what another front counted for the same instance. */
  addCounts(more: FrontCounts): void;
  status(): FrontStatus;
}

export interface FrontStatus {
  readonly listening?: { readonly host: string; readonly port: number };
  readonly backend?: Backend;
  readonly share?: { readonly backend: Backend; readonly of: number };
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
  const lanes = createLanes(clock);
  const readOrigin = createOriginReader({
    tells: options.tells ?? ["x-forwarded"],
    scheme: options.certificate === undefined ? "http" : "https",
    trustedProxies: options.trustedProxies ?? [],
  });
  const tunnels = createTunnels(clock);
  let listening: { host: string; port: number } | undefined;
  let isClosing = false;
  let isCutting = false;

  const isOwn = (request: IncomingMessage) => asksForHealth(request.url, options.healthPath);
  const publicPort = createPublicPort({ ...options, onVisit: enter, onUpgrade: enterUpgrade, isOwn });

  function enter(visit: Visit): void {
    const { request, response } = visit;
    if (isOwn(request)) return void answerHealth(visit);
    const leave = admit({ sizeBytes: sizeOfBody(request), go: () => forwardVisit(visit), refuse: (refusal) => answerRefusal(response, refusal) });
    response.once("close", () => {
      if (leave() && !visit.spoiled.aborted) countClientGone();
    });
  }

  function answerHealth({ request, response }: Visit): void {
    if (request.method !== "GET" && request.method !== "HEAD") {
      answerRefusal(response, { status: 405, because: "The front can only be asked how it is.", allow: "GET, HEAD" });
      return;
    }
    const { status, word } = planHealth({ isClosing, isHolding: queue.isHolding(), hasAgent: lanes.routing() !== undefined });
    answerItself(response, { status, contentType: "application/json", body: `${JSON.stringify({ status: word })}\n` });
  }

  function enterUpgrade(upgrade: Upgrade): void {
    const { socket } = upgrade;
    const leave = admit({ sizeBytes: 0, go: () => forwardSwitch(upgrade), refuse: (refusal) => writeRefusal(socket, refusal, clock) });
    socket.once("close", () => {
      if (leave()) countClientGone();
    });
  }

  /** Lets a request pass or wait. The function that comes back takes it out of the line again; it says whether it was there. */
  function admit(waiter: Waiter): () => boolean {
    if (!queue.isFree()) return queue.join(waiter);
    waiter.go();
    return () => false;
  }

  function forwardVisit(visit: Visit): void {
    if (visit.spoiled.aborted) return;
    const origin = readOrigin(visit.request);
    const lane = pickLane(visit.request, origin);
    if (lane === undefined) answerRefusal(visit.response, refuseWithoutBackend());
    else forwardRequest(visit, openForwarding(lane, visit.request, origin));
  }

  function forwardSwitch(upgrade: Upgrade): void {
    const origin = readOrigin(upgrade.request);
    const lane = pickLane(upgrade.request, origin);
    if (lane === undefined) writeRefusal(upgrade.socket, refuseWithoutBackend(), clock);
    else tunnels.open(lane, (onOver) => forwardUpgrade(upgrade, openForwarding(lane, upgrade.request, origin, onOver)));
  }

  function pickLane(request: IncomingMessage, { address }: Origin): Lane | undefined {
    return lanes.pick(() => unitOf(request.headers, options.stickBy ?? "address", address));
  }

  function refuseWithoutBackend(): Refusal {
    counts.noBackend += 1;
    return { status: 503, because: "There is no agent to answer.", retryAfterS: 1 };
  }

  function openForwarding(lane: Lane, request: IncomingMessage, { lines, preamble }: Origin, onOver: () => void = () => {}): Forwarding {
    const { slot, release } = lane.backend;
    const leave = lane.enter();
    return {
      lane,
      clock,
      origin: lines,
      ...(preamble === undefined ? {} : { preamble }),
      counted: countRequest(counts, release, request.method ?? "GET"),
      onBroken: (cause) =>
        options.onError?.(new InstarError("UNHEALTHY", "The agent broke off in the middle of a request", { cause, facts: { slot, release } })),
      onClientGone: countClientGone,
      onOver() {
        leave();
        onOver();
      },
    };
  }

  function countClientGone(): void {
    if (!isCutting) counts.clientAborts += 1;
  }

  return {
    async listen(handed) {
      listening = await publicPort.listen(handed);
      return listening;
    },

    listener: publicPort.listener,

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
      lanes.route(undefined);
    },

    route: lanes.route,

    hold: queue.hold,
    release: queue.release,
    isHolding: queue.isHolding,

    whenDrained: lanes.whenDrained,
    retire: (slot, how) => tunnels.retire(lanes.ofSlot(slot), how),

    counts: () => structuredClone(counts),
    addCounts: (more) => mergeCounts(counts, more),

    status() {
      const routing = lanes.routing();
      return {
        ...(listening === undefined ? {} : { listening }),
        ...(routing === undefined ? {} : { backend: routing.main }),
        ...(routing?.share === undefined ? {} : { share: routing.share }),
        isHolding: queue.isHolding(),
        isClosing,
        waiting: queue.waiting(),
        inFlight: lanes.inFlight(),
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
