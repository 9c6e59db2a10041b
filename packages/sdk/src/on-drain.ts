import type { Server } from "node:http";
import { constants } from "node:os";
import { watchServer } from "./drain-server.ts";
import { pause } from "./surroundings.ts";

export interface DrainOptions {
  /** Those of the agent: they take no new connection from then on, and requests in flight may finish. */
  readonly servers?: readonly Server[];
  /** What tells the process to end: `agent.stopSignal` of instar.yaml. */
  readonly signals?: readonly NodeJS.Signals[];
  /** How long it may take; less than `agent.stopWithin` (10s), after which Instar kills. */
  readonly withinMs?: number;
  /** Ends the process. */
  readonly exit?: (status: number) => void;
  /** Hears what kept the end from being clean; standard error where it is left out. */
  readonly onError?: (error: unknown) => void;
}

export interface Drain {
  /** Aborted when the process was told to end: take no new work from then on. */
  readonly signal: AbortSignal;
  /** Signals do what they did before. */
  dispose(): void;
}

const WITHIN_MS = 8_000;

/**
 * Ends the process well when it is told to: the handler finishes what it is at (and closes WebSockets in their own way), requests in flight are answered, then streams and
 * connections are closed, and it exits with 0. It exits with 1 where something failed or was cut off, and at once on a second signal.
 *
 * @param handler called once; its `signal` is aborted when the time is over
 */
export function onDrain(handler: (drain: { readonly signal: AbortSignal }) => void | Promise<void>, options: DrainOptions = {}): Drain {
  const { servers = [], signals = ["SIGTERM", "SIGINT"], withinMs = WITHIN_MS, exit = (status: number) => process.exit(status) } = options;
  // Written at once: a warning of the process would come after its end.
  const { onError = (error: unknown) => void process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`) } = options;
  const watched = servers.map(watchServer);
  const told = new AbortController();
  const hear = (signal: NodeJS.Signals): void => {
    if (told.signal.aborted) exit(128 + (constants.signals[signal] ?? 0));
    else {
      told.abort();
      void drain().then(exit);
    }
  };
  for (const signal of signals) process.on(signal, hear);
  return {
    signal: told.signal,
    dispose: () => {
      for (const signal of signals) process.off(signal, hear);
    },
  };

  async function drain(): Promise<number> {
    const late = new AbortController();
    const finished = new AbortController();
    const overdue = pause(withinMs, { signal: finished.signal }).then((isOver) => {
      if (isOver) late.abort();
      return "late" as const;
    });
    // Closed before the handler is asked: what it finishes does not grow meanwhile.
    const closed = Promise.all(watched.map((server) => server.close()));
    const handled = Promise.resolve()
      .then(() => handler({ signal: late.signal }))
      .then(
        () => true,
        (error: unknown) => {
          onError(error);
          return false;
        },
      );
    const whole = (async () => {
      const isWell = await handled;
      for (const server of watched) server.endEndless();
      await closed;
      return isWell ? ("well" as const) : ("failed" as const);
    })();
    const came = await Promise.race([whole, overdue]);
    finished.abort();
    if (came === "late") {
      const cut = watched.reduce((sum, server) => sum + server.cut(), 0);
      onError(new Error(`the time to end (${withinMs / 1_000} s) is over: ${cut === 0 ? "it was not done" : `${cut} requests were cut off`}`));
    }
    return came === "well" ? 0 : 1;
  }
}
