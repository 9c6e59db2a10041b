import type { Clock } from "../platform/clock.ts";
import type { RehearsedAgent } from "./rehearsed-agent.ts";

/** How long the rehearsal may still take, and whether somebody wants it to end. */
export interface RehearsalTime {
  readonly clock: Clock;
  /** On the clock's monotonic scale. */
  readonly deadlineMs: number;
  readonly withinMs: number;
  readonly signal: AbortSignal | undefined;
}

/** An adapter that keeps its own time is never cut by ours: this much later it is taken for hung. */
const GRACE_MS = 1_000;
const READ_WITHIN_MS = 10_000;
const LOG_LIMIT = 1_048_576;

/** Why nothing more is asked, in words; undefined while there is time. */
export function explainEnd({ clock, deadlineMs, withinMs, signal }: RehearsalTime): string | undefined {
  if (signal?.aborted) return "the rehearsal was stopped";
  if (clock.monotonicMs() >= deadlineMs) return `the ${Math.round(withinMs / 1_000)} s of rehearsal.within were over`;
  return undefined;
}

/** A log that could not be read is undefined: nothing found in it would be a pass. */
export type GuardedAgent = Omit<RehearsedAgent, "readLog"> & { readLog(): Promise<string | undefined> };

/**
 * The same agent, made safe to ask: no call throws, none outlasts its own time or the rehearsal's, no log is longer than a MiB. Nothing that a
 * candidate does to its adapter reaches whoever judges it, except as silence.
 */
export function guardAgent(agent: RehearsedAgent, time: RehearsalTime): GuardedAgent {
  const within = <Value>(act: () => Promise<Value>, ms: number, otherwise: (because: string) => Value) => waitFor(act, ms, time, otherwise);
  return {
    version: agent.version,
    ask: (question) => {
      const from = time.clock.monotonicMs();
      const silent = (because: string) => ({ kind: "silent" as const, because, tookMs: time.clock.monotonicMs() - from });
      return within(() => agent.ask(question), question.timeoutMs + GRACE_MS, silent);
    },
    run: (command, timeoutMs) =>
      within(
        () => agent.run(command, timeoutMs),
        timeoutMs + GRACE_MS,
        (because) => ({ kind: "failed", because }),
      ),
    isAlive: () => {
      try {
        return agent.isAlive();
      } catch {
        return false;
      }
    },
    readUsage: () =>
      within(
        () => agent.readUsage(),
        READ_WITHIN_MS,
        () => undefined,
      ),
    readEventLoop: () =>
      within(
        () => agent.readEventLoop(),
        READ_WITHIN_MS,
        () => undefined,
      ),
    readLog: async () => {
      // What was written is looked at even where the time is over: it is cheap, and tells most of why it was.
      const log = await waitFor<string | undefined>(
        () => agent.readLog(),
        READ_WITHIN_MS,
        { ...time, deadlineMs: Number.POSITIVE_INFINITY },
        () => undefined,
      );
      return log?.slice(-LOG_LIMIT);
    },
  };
}

async function waitFor<Value>(act: () => Promise<Value>, ms: number, time: RehearsalTime, otherwise: (because: string) => Value): Promise<Value> {
  const calledOff = new AbortController();
  const signal = time.signal === undefined ? calledOff.signal : AbortSignal.any([calledOff.signal, time.signal]);
  const leftMs = Math.max(0, time.deadlineMs - time.clock.monotonicMs());
  const late = time.clock.sleep(Math.min(ms, leftMs), signal).then(
    () => otherwise(explainEnd(time) ?? `no answer within ${Math.round(ms / 100) / 10} s`),
    () => otherwise(explainEnd(time) ?? "it was called off"),
  );
  try {
    return await Promise.race([act(), late]);
  } catch {
    return otherwise("it could not be asked");
  } finally {
    calledOff.abort();
  }
}
