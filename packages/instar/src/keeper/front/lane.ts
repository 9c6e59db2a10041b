import type { Clock } from "../../platform/clock.ts";
import { AgentConnection, type ConnectionHome } from "./agent-connection.ts";
import type { Backend } from "./backend.ts";

export type { Backend };

/** The way to one backend: its connections, and how many requests are on it. */
export interface Lane {
  readonly backend: Backend;
  /** A connection for one request: the one that was used last, which is the least likely to have died since, or a fresh one. */
  connect(): AgentConnection;
  connectAfresh(): AgentConnection;
  /** One that begins with these bytes, and is not kept: they say whose it is. */
  connectFor(preamble: Buffer): AgentConnection;
  /** One request more; the function that comes back says that nothing of it is under way any longer. */
  enter(): () => void;
  inFlight(): number;
  /** Nothing new will come: what is kept is closed now, and what is under way when it is through. */
  retire(): void;
}

/**
 * Shorter than the 5 s after which common servers (Node, uvicorn) close a quiet connection: the race between their close and
 * our next request is what makes a request fail that nobody may repeat.
 */
const KEPT_IDLE_MS = 1_000;
const KEPT_MAX = 256;

const NO_HOME: ConnectionHome = { keep: (connection) => connection.destroy(), lose: () => {} };

export function createLane(backend: Backend, onLeave: () => void, clock: Clock): Lane {
  /** Those that were kept first come first: connections are taken from the end, and grow too old at the beginning. */
  const kept: AgentConnection[] = [];
  const retirement = new AbortController();
  let inFlight = 0;
  let isSweeping = false;

  const home = {
    keep(connection: AgentConnection) {
      if (retirement.signal.aborted || kept.length >= KEPT_MAX) return void connection.destroy();
      connection.idleSinceMs = clock.monotonicMs();
      kept.push(connection);
      if (!isSweeping) sweepLater(KEPT_IDLE_MS);
    },
    lose(connection: AgentConnection) {
      const at = kept.indexOf(connection);
      if (at !== -1) kept.splice(at, 1);
    },
  };
  /** One timer for all of them, set anew about once a second, instead of one for each request. */
  const sweepLater = (inMs: number) => {
    isSweeping = true;
    clock.sleep(inMs, retirement.signal).then(sweep, () => {});
  };
  const sweep = () => {
    const nowMs = clock.monotonicMs();
    const firstYoung = kept.findIndex((connection) => nowMs - connection.idleSinceMs < KEPT_IDLE_MS);
    for (const connection of kept.splice(0, firstYoung === -1 ? kept.length : firstYoung)) connection.destroy();
    const oldest = kept[0];
    isSweeping = false;
    if (oldest !== undefined) sweepLater(oldest.idleSinceMs + KEPT_IDLE_MS - nowMs);
  };

  return {
    backend,
    connect() {
      // Where this process stood still the sweep may be late.
      const isYoung = clock.monotonicMs() - (kept.at(-1)?.idleSinceMs ?? 0) < KEPT_IDLE_MS;
      return (isYoung ? kept.pop() : undefined) ?? new AgentConnection(backend, home);
    },
    connectAfresh: () => new AgentConnection(backend, home),
    connectFor: (preamble) => new AgentConnection(backend, NO_HOME, preamble),
    enter() {
      let isInside = true;
      inFlight += 1;
      return () => {
        if (!isInside) return;
        isInside = false;
        inFlight -= 1;
        onLeave();
      };
    },
    inFlight: () => inFlight,
    retire() {
      retirement.abort();
      for (const connection of kept.splice(0)) connection.destroy();
    },
  };
}
