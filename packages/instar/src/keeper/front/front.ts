import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Server as NetServer, type Socket } from "node:net";
import { InstarError } from "@instar/protocol";
import type { Clock } from "../../platform/clock.ts";
import { answerRefusal, writeRefusal } from "./answer-refusal.ts";
import { type ClientLine, createClientLine, type Visit } from "./client-line.ts";
import { type Forwarding, forwardRequest } from "./forward-request.ts";
import { canUpgrade, collectEarly, forwardUpgrade, type Upgrade } from "./forward-upgrade.ts";
import { countRequest, emptyCounts, type FrontCounts } from "./front-counts.ts";
import { createHoldQueue, type HoldLimits, type Waiter } from "./hold-queue.ts";
import { type Backend, createLane, type Lane } from "./lane.ts";
import { planRefusal, type Refusal } from "./plan-refusal.ts";

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

/** Against clients that never finish their head. There is no limit on bodies and answers: agents stream for hours. */
const HEAD_TIMEOUT_MS = 60_000;
const HEAD_MAX_BYTES = 32 * 1024;
const KEEP_ALIVE_MS = 5_000;
/** node:http closes an idle connection a second after the time that it announces; then every client has noticed. */
const IDLE_GONE_MS = KEEP_ALIVE_MS + 1_000;
/** Finds dead peers behind held requests and silent streams. */
const PROBE_AFTER_MS = 30_000;
/** What a socket buffers of a body that nobody reads. */
const UNREAD_BODY_BYTES = 64 * 1024;
const BACKLOG = 2_048;

export function createFront(options: FrontOptions): Front {
  const { clock } = options;
  const counts = structuredClone(options.initialCounts ?? emptyCounts());
  const queue = createHoldQueue(options.hold, clock, counts);
  const lines = new Map<Socket, ClientLine>();
  const lanes = new Set<Lane>();
  const drains = new Set<{ slot: string; resolve: () => void }>();
  let current: Lane | undefined;
  let listening: { host: string; port: number } | undefined;
  let isClosing = false;
  let isCutting = false;

  const server = createServer({
    insecureHTTPParser: false,
    requireHostHeader: false, // planRefusal says it in words.
    maxHeaderSize: HEAD_MAX_BYTES,
    headersTimeout: HEAD_TIMEOUT_MS,
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAlive: true,
    keepAliveInitialDelay: PROBE_AFTER_MS,
    shouldUpgradeCallback: (request) => canUpgrade(request) && (lines.get(request.socket)?.isIdle() ?? false),
  });
  server.maxHeadersCount = 0; // Fields beyond a count would be dropped in silence; the size is bounded.
  server.on("connection", (socket) => {
    lines.set(socket, createClientLine(socket, clock));
    socket.once("close", () => lines.delete(socket));
    if (isClosing) lines.get(socket)?.finishUp();
  });
  server.on("request", enter);
  server.on("checkContinue", enter); // The agent, not the front, says 100.
  server.on("upgrade", enterUpgrade);
  server.on("connect", (request: IncomingMessage) => writeRefusal(request.socket, { status: 405, because: "This is not a forward proxy." }, clock));
  server.on("clientError", (error, socket) => lines.get(socket as Socket)?.breakOff(error));

  function enter(request: IncomingMessage, response: ServerResponse): void {
    const line = lines.get(request.socket);
    line?.join(request, response, (visit) => {
      const refusal = planRefusal(request);
      if (refusal !== undefined) return answerRefusal(response, refusal);
      const leave = admit({ sizeBytes: sizeOfBody(request), go: () => forwardVisit(visit), refuse: (why) => answerRefusal(response, why) });
      response.once("close", leave);
    });
  }

  function enterUpgrade(request: IncomingMessage, _: unknown, head: Buffer): void {
    const { socket } = request;
    const upgrade = collectEarly(request, socket, head);
    const refuse = (refusal: Refusal) => writeRefusal(socket, refusal, clock);
    const refusal = planRefusal(request);
    if (refusal === undefined) socket.once("close", admit({ sizeBytes: 0, go: () => forwardSwitch(upgrade), refuse }));
    else refuse(refusal);
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
    listen: () =>
      new Promise((resolve, reject) => {
        const refuse = (cause: NodeJS.ErrnoException) => reject(explainListenError(cause, options));
        server.once("error", refuse);
        server.listen({ host: options.host, port: options.port, backlog: BACKLOG, reusePort: options.reusePort ?? false }, () => {
          server.off("error", refuse);
          server.on("error", (cause) => options.onError?.(new InstarError("PLATFORM_FAILED", "The public port reported an error", { cause })));
          const address = server.address();
          listening = { host: options.host, port: typeof address === "object" && address !== null ? address.port : options.port };
          resolve(listening);
        });
      }),

    async close({ graceMs }) {
      isClosing = true;
      listening = undefined;
      // Not server.close(): that cuts idle connections at once, under the hands of clients who are just asking on them.
      const allGone = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
      for (const line of lines.values()) line.finishUp();
      const done = new AbortController();
      const after = (ms: number, act: () => void) => void clock.sleep(ms, done.signal).then(act, () => {});
      after(Math.min(graceMs, IDLE_GONE_MS), () => {
        for (const [socket, line] of lines) if (line.isIdle()) socket.destroy();
      });
      after(graceMs, () => {
        isCutting = true;
        queue.refuseAll();
        for (const socket of lines.keys()) socket.resetAndDestroy();
      });
      await allGone;
      done.abort();
      server.close(); // Now only ends its timer.
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
        connections: lines.size,
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

function explainListenError(cause: NodeJS.ErrnoException, { host, port }: FrontOptions): InstarError {
  const facts = { host, port };
  if (cause.code === "EADDRINUSE")
    return new InstarError("PORT_IN_USE", `Something else already listens on ${host}:${port}`, {
      cause,
      facts,
      advice: "Stop the other program, or choose another front.port in instar.yaml.",
    });
  return new InstarError("PLATFORM_FAILED", `Could not listen on ${host}:${port}`, { cause, facts });
}
