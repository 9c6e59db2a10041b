import { InstarCallError } from "./call-error.ts";
import { type EndedDeployment, planTelling } from "./plan-telling.ts";
import { pause } from "./surroundings.ts";
import type { Deployment } from "./views.ts";

export type { EndedDeployment };

export interface ResumeOptions {
  readonly signal?: AbortSignal;
  /** Hears what went wrong: of the handler, with the deployment; of the daemon, without. A warning of the process where it is left out. */
  readonly onError?: (error: unknown, deployment: EndedDeployment | null) => void;
  /** Between two looks; longer after failures. */
  readonly everyMs?: number;
}

export interface Resumption {
  /** No further look. @returns when a handler that is at work has ended */
  stop(): Promise<void>;
}

export interface ResumeRooms {
  readonly own: string | null;
  readonly readServing: (signal: AbortSignal) => Promise<string | null>;
  readonly readUnseen: (signal: AbortSignal) => Promise<readonly Deployment[]>;
  readonly acknowledge: (update: string, signal: AbortSignal) => Promise<void>;
}

type Handler = (deployment: EndedDeployment) => void | Promise<void>;

const EVERY_MS = 5_000;
const LONGEST_MS = 300_000;
/** What looking again does not mend: no section `self`, an older daemon, a process outside of Instar. */
const FOR_GOOD = ["FORBIDDEN", "not-supported"];

/**
 * Tells the handler of every deployment that has ended and was not acknowledged, now and from now on: a version that was just started has its outcome only when its watch is
 * over. Acknowledged after the handler has succeeded; a crash in between tells it again. Nothing here keeps the process alive.
 */
export function startResuming(rooms: ResumeRooms, handler: Handler, options: ResumeOptions): Resumption {
  const { onError = (error) => process.emitWarning(error instanceof Error ? error : String(error)), everyMs = EVERY_MS } = options;
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  options.signal?.addEventListener("abort", stop, { once: true });
  if (options.signal?.aborted === true) stop();
  const { signal } = stopped;
  // Of those the handler knows, and only the daemon does not: within one process it is not told twice.
  const told = new Set<string>();
  const work = follow();
  return {
    stop: () => {
      stop();
      return work;
    },
  };

  async function follow(): Promise<void> {
    let pauseMs = everyMs;
    while (!signal.aborted) {
      try {
        const isWell = await look();
        pauseMs = isWell ? everyMs : longer(pauseMs);
      } catch (error) {
        if (signal.aborted) break;
        if (!InstarCallError.is(error) || !error.transient) onError(error, null);
        if (isForGood(error)) break;
        pauseMs = longer(pauseMs);
      }
      await pause(pauseMs, { signal, holds: false });
    }
    options.signal?.removeEventListener("abort", stop);
  }

  /** @returns whether all that there was could be told */
  async function look(): Promise<boolean> {
    const unseen = await rooms.readUnseen(signal);
    if (unseen.length === 0) return true;
    const serving = rooms.own === null ? null : await rooms.readServing(signal);
    let isWell = true;
    for (const deployment of planTelling(unseen, { own: rooms.own, serving })) {
      if (signal.aborted) return isWell;
      isWell = (await tell(deployment)) && isWell;
    }
    return isWell;
  }

  async function tell(deployment: EndedDeployment): Promise<boolean> {
    if (!told.has(deployment.update)) {
      try {
        await handler(deployment);
      } catch (error) {
        onError(error, deployment);
        return false;
      }
      told.add(deployment.update);
    }
    // A crash here tells it again at the next start.
    await rooms.acknowledge(deployment.update, signal);
    return true;
  }

  function isForGood(error: unknown): boolean {
    return InstarCallError.is(error) && (FOR_GOOD.includes(error.code) || (error.code === "no-door" && !error.transient));
  }
}

const longer = (ms: number) => Math.min(ms * 2, LONGEST_MS);
