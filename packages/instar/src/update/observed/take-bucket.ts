import type { KeeperSlotReport } from "../../keeper/keeper-control.ts";
import { differFront, type FrontReading } from "../../observation/gather/differ-front.ts";
import { foldHeartbeat } from "../../observation/gather/fold-heartbeat.ts";
import { type LogPlace, readLogErrors } from "../../observation/gather/read-log-errors.ts";
import type { Reading } from "../../observation/gather/reading.ts";
import type { FrontCount, MetricsBucket } from "../../observation/metrics-bucket.ts";
import { readTreeUsage } from "../../platform/read-tree-usage.ts";
import type { StepRooms } from "../step-rooms.ts";
import type { KeptOfRelease, KeptReadings } from "./kept-readings.ts";
import { type ObservedSlot, runOf } from "./observed-slot.ts";
import { type SlotSources, takeHealth, takeHeartbeat, takeThings } from "./slot-sources.ts";
import { takeMetrics } from "./take-metrics.ts";

/** A version that requests reach, and what is asked about it. */
export interface Observed {
  readonly sources: SlotSources;
  /** Monotonic time of the look that saw it first: what a span covers of it begins here. */
  readonly sinceMs: number;
  newest: ObservedSlot;
  /** Of sources that are asked now and then: silent from one bucket to the next, until they say something. */
  silences: Readonly<Record<string, string>>;
}

export interface Span {
  readonly tickMs: number;
  readonly coveredMs: number;
  /** Null where the keeper did not answer, or there is no front. */
  readonly reading: FrontReading | null;
  readonly keeperAnswers: boolean;
  readonly kept: KeptReadings;
}

/** What was seen of one version in a span, and what its next span is counted from. What cannot be told is null, with why under `silent`. */
export async function takeBucket(rooms: StepRooms, observed: Observed, span: Span): Promise<{ bucket: MetricsBucket; kept: KeptOfRelease }> {
  const { sources, newest } = observed;
  const { release, slot, beside } = newest;
  const { settings, clock, facts } = rooms;
  const before = span.kept.releases[release];
  const run = runOf(slot);
  const now: Record<string, string> = span.keeperAnswers ? {} : { keeper: "it does not answer" };

  const front = settings.front === undefined ? null : noteSilence(now, "front", countFront(span, release));
  const its = settings.front === undefined || beside === null ? null : noteSilence(now, "beside", countFront(span, beside));
  const health = takeHealth(sources.health);
  if (health.silent !== null) now.health = health.silent;
  const residentBytes = slot.pid === null ? null : await readMemory(slot.pid);
  if (slot.pid !== null && residentBytes === null) now.memory = "its process could not be looked at";
  const log = await readLog(rooms, slot, beginOf(span.kept, before, slot));
  const logErrors = log === null ? null : noteSilence(now, "log", log.errors);

  // These are asked now and then: what they did not say last time, they have not said yet.
  const silences = { ...observed.silences };
  const heartbeat = takeBeat(observed, { before: before?.heartbeat ?? null, run, tickMs: span.tickMs, wallMs: clock.wallMs(), silences });
  const things = takeAllThings(sources, silences);
  const { metrics, counters, eventLoopDelayMs } = takeMetrics(sources, run, before?.counters ?? {}, silences);
  observed.silences = silences;

  const integrity = facts.read<{ release: string; damage: string | null }>("integrity");
  return {
    bucket: {
      release,
      tickMs: span.tickMs,
      coveredMs: Math.round(Math.min(span.coveredMs, clock.monotonicMs() - observed.sinceMs)),
      wallMs: Math.round(clock.wallMs()),
      front,
      beside: its,
      health: health.reports,
      isServing: span.keeperAnswers ? newest.isServing : null,
      restarts: span.keeperAnswers ? restartsSince(before?.restarts, slot.restarts) : 0,
      residentBytes,
      eventLoopDelayMs,
      heartbeatAgeMs: heartbeat.ageMs,
      logErrors,
      things,
      damage: integrity?.release === release ? integrity.damage : null,
      metrics,
      silent: { ...silences, ...now },
    },
    kept: {
      restarts: span.keeperAnswers ? slot.restarts : (before?.restarts ?? slot.restarts),
      log: log?.place ?? before?.log ?? null,
      heartbeat: heartbeat.seen,
      counters,
    },
  };
}

/** The keeper begins a new count when it starts a release anew. */
export const restartsSince = (before: number | undefined, now: number): number => (before === undefined || now < before ? now : now - before);

function noteSilence<Value>(silent: Record<string, string>, source: string, reading: Reading<Value>): Value | null {
  if (reading.kind === "value") return reading.value;
  silent[source] = reading.because;
  return null;
}

function countFront({ reading, kept }: Span, release: string): Reading<FrontCount> {
  return reading === null ? { kind: "silent", because: "the keeper does not answer" } : differFront(kept.front, reading, release);
}

async function readMemory(pid: number): Promise<number | null> {
  const usage = await readTreeUsage(pid).catch(() => undefined);
  return usage === undefined || usage.residentBytes === 0 ? null : usage.residentBytes;
}

type LogBegin = Parameters<typeof readLogErrors>[1];

/** A version that is new is read from its start on; one that ran before anything was recorded, from now on. */
function beginOf(kept: KeptReadings, before: KeptOfRelease | undefined, slot: KeeperSlotReport): LogBegin {
  if (before !== undefined) return before.log;
  return Object.keys(kept.releases).length === 0 || slot.logPath === null ? null : { path: slot.logPath, offset: slot.logFrom };
}

async function readLog(
  { settings }: StepRooms,
  { logPath }: KeeperSlotReport,
  from: LogBegin,
): Promise<{ errors: Reading<number>; place: LogPlace | null } | null> {
  const { logErrors, ignoreLog } = settings.rehearsal;
  return logPath === null ? null : readLogErrors(logPath, from, { logErrors: settings.watch.logErrors ?? logErrors, ignoreLog });
}

function takeBeat(
  { sources: { heartbeat }, newest: { slot } }: Observed,
  now: { before: KeptOfRelease["heartbeat"]; run: string; tickMs: number; wallMs: number; silences: Record<string, string> },
): { seen: KeptOfRelease["heartbeat"]; ageMs: number | null } {
  if (heartbeat === null) return { seen: null, ageMs: null };
  const { answers, missing } = takeHeartbeat(heartbeat);
  const last = answers.at(-1);
  if (last?.kind === "value") {
    delete now.silences.heartbeat;
    const startedAtMs = slot.startedAt === null ? 0 : Date.parse(slot.startedAt);
    return foldHeartbeat(now.before, { run: now.run, startedAtMs, modifiedMs: last.value, tickMs: now.tickMs, wallMs: now.wallMs });
  }
  if (last !== undefined || missing !== null) now.silences.heartbeat = last?.because ?? missing ?? "";
  return { seen: now.before, ageMs: null };
}

function takeAllThings({ things }: SlotSources, silences: Record<string, string>): MetricsBucket["things"] {
  const found: Record<string, readonly string[]> = {};
  for (const one of things) {
    const { answers, missing } = takeThings(one);
    const last = answers.at(-1);
    const source = `things ${one.name}`;
    if (last?.kind === "value") {
      found[one.name] = last.value;
      delete silences[source];
    } else if (last !== undefined || missing !== null) silences[source] = last?.because ?? missing ?? "";
  }
  return Object.keys(found).length === 0 ? null : found;
}
