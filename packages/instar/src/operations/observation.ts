import {
  type ExplainView,
  type Implementations,
  InstarError,
  type MetricsSeriesView,
  type MetricsView,
  type ObservationView,
  observationEvidence,
  type SeenVersion,
} from "@instar/protocol";
import { findServing } from "../daemon/find-serving.ts";
import { type Instance, readStanding } from "../daemon/instance.ts";
import { foldBucket } from "../observation/fold-observation.ts";
import { mergeBuckets } from "../observation/gather/merge-buckets.ts";
import { judgeObservation } from "../observation/judge-observation.ts";
import type { MetricsBucket } from "../observation/metrics-bucket.ts";
import { quantileOfSketch } from "../statistics/latency-sketch.ts";
import type { JournalEntry, UpdateId } from "../update/journal-entry.ts";
import { readPinnedWatch } from "../update/observed/pinned-watch.ts";
import { type JournalledLook, listLooks, replayWatch, WATCH_STEPS } from "../update/observed/replay-watch.ts";
import { planNextMove } from "../update/plan-next-move.ts";
import { startOf } from "../update/run-update.ts";
import type { OperationContext } from "./context.ts";
import { explainDecisions } from "./explain-decisions.ts";
import { foldMoments } from "./fold-moments.ts";
import { besideOf, foldSeries } from "./fold-series.ts";
import { parseDuration } from "./parse-duration.ts";
import { daemonOf, findUpdate, openUpdate } from "./updates.ts";

/** Asking what was seen of a version in service, and answering where a person is asked. */
export function implementObservation(context: OperationContext): Pick<Implementations, "metrics" | "metrics.series" | "update.explain" | "update.confirm"> {
  const { instance } = context;
  return {
    metrics: async ({ since }) => readMetrics(instance, parseDuration(since, "since")),
    "metrics.series": async ({ since, points }) => readSeries(instance, parseDuration(since, "since"), points),
    "update.explain": async ({ update }) => explain(instance, findUpdate(instance, update)),
    "update.confirm": async ({ update }) => {
      const found = update === undefined ? openUpdate(instance) : findUpdate(instance, update);
      const journal = instance.journal.read(found);
      assertServed(found, journal);
      const version = startOf(journal).start.versionTo;
      const because = `${context.actor.id} confirmed ${version}`;
      daemonOf(context).tell(found, { kind: "confirmed", by: context.actor.id, because });
      return { update: found, version, because: `${because}; what is left of its watch is still to be passed` };
    },
  };
}

/** What the watch under way comes to, by all that is recorded; null where none is. */
export function readObservation({ journal, facts, time, rooms }: Instance): ObservationView | null {
  const [update] = journal.unfinished();
  if (update === undefined) return null;
  const entries = journal.read(update);
  const step = WATCH_STEPS.findLast((id) => entries.some((entry) => entry.kind === "applying" && entry.step === id));
  if (step === undefined || entries.some((entry) => entry.kind === "undoing" || (entry.kind === "applied" && entry.step === "watch"))) return null;
  const look = listLooks(entries, step).at(-1);
  const pinned = readPinnedWatch(facts, step, update);
  if (look === undefined || pinned === undefined) return null;
  const confirmedAt = entries.findLast((entry) => entry.kind === "confirmed");
  // What was recorded since the last look is known as well.
  const nowTickMs = time.tickMs();
  const since = rooms.observer.record.read(pinned.plan.limits.release, look.note.state.lastTickMs ?? pinned.servedAtTickMs, nowTickMs);
  const state = since.reduce((known, bucket) => foldBucket(known, bucket, pinned.plan), look.note.state);
  const { verdict, action, because, findings, window } = judgeObservation(state, pinned.plan, nowTickMs, { confirmedAtTickMs: confirmedAt?.tickMs ?? null });
  return {
    ...{ verdict, action, because, findings: [...findings], window },
    update,
    version: startOf(entries).start.versionTo,
    step,
    waitsFor: look.entry.kind === "waiting" ? look.entry.waitsFor : "observation",
    alarms: Object.values(state.alarms).map(({ because }) => because),
    silent: Object.fromEntries(Object.entries(state.silent).map(([source, { because }]) => [source, because])),
    confirm:
      pinned.confirmWithinMs === null
        ? null
        : {
            withinMs: pinned.confirmWithinMs,
            leftMs: Math.max(0, pinned.servedAtTickMs + pinned.confirmWithinMs - nowTickMs),
            isConfirmed: confirmedAt !== undefined,
          },
  };
}

/** Before anybody met it there is nothing to confirm, and once it goes back nothing that could be kept. */
function assertServed(update: UpdateId, journal: readonly JournalEntry[]): void {
  const { steps } = startOf(journal);
  if (planNextMove(journal, 0).move === "nothing")
    throw new InstarError("CONFLICT", `update ${update} has ended`, { advice: "`instar update show` says how." });
  if (journal.some((entry) => entry.kind === "undoing" || entry.kind === "cancel-requested"))
    throw new InstarError("CONFLICT", `update ${update} is going back already`, { advice: "Let it end; `instar update apply` begins anew." });
  const isMet = steps.some(({ id, exchanges }) => exchanges === true && journal.some((entry) => entry.kind === "applied" && entry.step === id));
  const isTried = journal.some((entry) => entry.kind === "waiting" && entry.step === "trial");
  if (!isMet && !isTried)
    throw new InstarError("CONFLICT", `nobody meets the new version of update ${update} yet, so there is nothing to confirm`, {
      advice: "`instar update show` says what it is at.",
    });
}

function explain(instance: Instance, update: UpdateId): ExplainView {
  const { journal, facts, rooms } = instance;
  const entries = journal.read(update);
  const steps = WATCH_STEPS.map((step) => ({ step, looks: listLooks(entries, step), pinned: readPinnedWatch(facts, step, update) }));
  const replayed = steps.flatMap(({ looks, pinned }) =>
    looks.length === 0 || pinned === undefined ? [] : [replayWatch(looks, pinned, rooms.observer.record)],
  );
  const looks = steps.flatMap(({ step, looks: of }) => of.flatMap((look) => describeLook(step, look)));
  const failing = replayed.find(({ verdict }) => verdict === "no");
  return {
    update,
    version: startOf(entries).start.versionTo,
    looks,
    decisions: explainDecisions(instance, entries),
    replays:
      failing ??
      (replayed.length === 0
        ? { verdict: "nodata", because: "no look at it in service was recorded" }
        : { verdict: "yes", because: replayed.map(({ because }) => because).join("; ") }),
  };
}

function describeLook(step: "trial" | "watch", { entry, note }: JournalledLook): ExplainView["looks"] {
  const evidence = observationEvidence.safeParse(note).data;
  return evidence === undefined ? [] : [{ ...evidence, index: entry.seq, at: entry.at, step, tickMs: note.tickMs }];
}

async function readMetrics(instance: Instance, sinceMs: number): Promise<MetricsView> {
  const versions = await listSeen(instance, sinceMs);
  return { sinceMs, versions: versions.map(({ release, version, role, buckets }) => seen(release, version, role, buckets)) };
}

async function readSeries(instance: Instance, sinceMs: number, points: number): Promise<MetricsSeriesView> {
  const listed = await listSeen(instance, sinceMs);
  const [serving, before] = listed;
  const besides = serving === undefined || before === undefined ? [] : besideOf(serving.buckets, before.release);
  const versions = listed.map(({ role, release, version, buckets }) => {
    const all = role === "before" ? [...buckets, ...besides].toSorted((a, b) => a.tickMs - b.tickMs) : buckets;
    return { role, release, version, points: foldSeries(all, points) };
  });
  const { journal } = instance;
  const update = findServing(instance)?.update ?? readStanding(instance).ended.findLast(({ given }) => given.release === serving?.release)?.update ?? null;
  const entries = update === null ? [] : journal.read(update);
  return { sinceMs, update, versions, bounds: update === null ? null : readBounds(instance, update), moments: foldMoments(entries) };
}

/** By the newest step of an update that watched something. */
function readBounds({ facts }: Instance, update: UpdateId): MetricsSeriesView["bounds"] {
  const pinned = readPinnedWatch(facts, "watch", update) ?? readPinnedWatch(facts, "trial", update);
  if (pinned === undefined) return null;
  const { limits, baseline } = pinned.plan;
  const { errors, latency } = baseline;
  return {
    errorShare: limits.errorShare,
    usualErrors: errors === null ? null : { atLeast: errors.atLeast, atMost: errors.atMost },
    usualLatency: latency === null ? null : { p50Ms: latency.p50Ms, p95Ms: latency.p95Ms },
    slowdown: limits.slowdown,
    usualBytes: baseline.residentBytes,
  };
}

interface Listed {
  readonly role: SeenVersion["role"];
  readonly release: string;
  readonly version: string | null;
  readonly buckets: readonly MetricsBucket[];
}

/** What serves first, then what it was put in the place of; each with what was seen of it in its own last time under watch. */
async function listSeen(instance: Instance, sinceMs: number): Promise<Listed[]> {
  const { journal, rooms, time } = instance;
  const { record } = rooms.observer;
  const serving = findServing(instance);
  if (serving === null) return [];
  const [open] = journal.unfinished();
  const start = open === undefined ? undefined : startOf(journal.read(open)).start;
  const isWatched = open !== undefined && serving.update === open;
  const nowTickMs = time.tickMs();
  const { release, version } = serving;
  const versions: Listed[] = [{ role: isWatched ? "candidate" : "serving", release, version, buckets: record.read(release, nowTickMs - sinceMs, nowTickMs) }];
  const before = isWatched ? (start?.releaseFrom ?? null) : beforeOf(instance, serving.release);
  if (before !== null && before !== serving.release) {
    const buckets = record.read(before, 0, nowTickMs);
    const untilMs = buckets.at(-1)?.tickMs ?? 0;
    const named = (await rooms.releases.readRecord(before).catch(() => undefined))?.version ?? null;
    versions.push({ role: "before", release: before, version: named, buckets: buckets.filter(({ tickMs }) => tickMs > untilMs - sinceMs) });
  }
  return versions;
}

/** What the version that serves was put in the place of. */
const beforeOf = (instance: Instance, release: string): string | null =>
  readStanding(instance).ended.findLast(({ given }) => given.release === release)?.start.releaseFrom ?? null;

function seen(release: string, version: string | null, role: SeenVersion["role"], buckets: readonly MetricsBucket[]): SeenVersion {
  const newest = buckets.at(-1);
  const merged = newest === undefined ? undefined : mergeBuckets(buckets, new Set());
  const at = (quantile: number) => (merged?.front == null ? null : (quantileOfSketch(merged.front.latency, quantile) ?? null));
  const wall = (bucket: MetricsBucket | undefined) => (bucket === undefined ? null : new Date(bucket.wallMs).toISOString());
  return {
    role,
    release,
    version,
    coveredMs: merged?.coveredMs ?? 0,
    from: wall(buckets[0]),
    until: wall(newest),
    requests: merged?.front?.requests ?? null,
    failed: merged?.front?.failed ?? null,
    medianMs: at(0.5),
    p95Ms: at(0.95),
    healthChecks: buckets.reduce((sum, { health }) => sum + health.length, 0),
    healthFailed: buckets.reduce((sum, { health }) => sum + health.filter(({ verdict }) => verdict !== "pass").length, 0),
    isServing: newest?.isServing ?? null,
    restarts: merged?.restarts ?? 0,
    residentBytes: newest?.residentBytes ?? null,
    eventLoopDelayMs: buckets.findLast(({ eventLoopDelayMs }) => eventLoopDelayMs !== null)?.eventLoopDelayMs ?? null,
    heartbeatAgeMs: newest?.heartbeatAgeMs ?? null,
    logErrors: merged?.logErrors ?? null,
    things: Object.fromEntries(Object.entries(merged?.things ?? {}).map(([name, names]) => [name, names.length])),
    damage: newest?.damage ?? null,
    metrics: Object.assign({}, ...buckets.map(({ metrics }) => metrics)) as Record<string, number>,
    silent: { ...newest?.silent },
  };
}
