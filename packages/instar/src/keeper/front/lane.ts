import type { Agent } from "node:http";
import { PatientPool } from "./patient-socket.ts";

/** Where requests go: one running release. */
export interface Backend {
  readonly slot: string;
  /** The name under which its requests are counted. */
  readonly release: string;
  readonly host: string;
  readonly port: number;
}

/** The way to one backend: its pooled connections, and how many requests are on it. */
export interface Lane {
  readonly backend: Backend;
  readonly pool: Agent;
  /** One request more; the function that comes back says that nothing of it is under way any longer. */
  enter(): () => void;
  inFlight(): number;
  /** Nothing new will come: the pool is closed with its last request. */
  retire(): void;
}

/**
 * Shorter than the 5 s after which common servers (Node, uvicorn) close a quiet connection: the race between their close and
 * our next request is what makes a request fail that nobody may repeat.
 */
const POOLED_IDLE_MS = 1_000;
const POOLED_MAX = 256;

export function createLane(backend: Backend, onLeave: () => void): Lane {
  const pool = new PatientPool({ keepAlive: true, timeout: POOLED_IDLE_MS, maxFreeSockets: POOLED_MAX, scheduling: "lifo" });
  let inFlight = 0;
  let isRetired = false;
  const closeIfDone = () => {
    if (isRetired && inFlight === 0) pool.destroy();
  };
  return {
    backend,
    pool,
    enter() {
      let isInside = true;
      inFlight += 1;
      return () => {
        if (!isInside) return;
        isInside = false;
        inFlight -= 1;
        closeIfDone();
        onLeave();
      };
    },
    inFlight: () => inFlight,
    retire() {
      isRetired = true;
      closeIfDone();
    },
  };
}
