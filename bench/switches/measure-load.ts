import { existsSync, readFileSync } from "node:fs";
import { nowMs, sleep } from "../bench-clock.ts";
import { judgeWrites } from "../load/judge-load.ts";
import type { Failure, LoadRecord } from "../load/load-record.ts";
import { startLoad } from "../load/start-load.ts";
import { percentile } from "../percentile.ts";
import type { Place } from "../place.ts";
import type { Span } from "./subject.ts";

/** What the clients saw while something was done to the agent. */
export interface SwitchFigures {
  /** Of the schedule, streams and WebSocket messages together. */
  readonly requests: number;
  readonly failures: readonly Failure[];
  readonly toldToReconnect: number;
  readonly steadyMedianMs: number;
  readonly steadyP99Ms: number;
  readonly duringP99Ms: number;
  /** Between the switches: while the next is made ready or the last is cleaned up. */
  readonly betweenP99Ms: number;
  /** How late the clients themselves were: the machine's doing, nobody else's, and in every figure above. */
  readonly clientsLateP99Ms: number;
}

export interface LoadSetting {
  readonly place: Place;
  readonly port: number;
  /** Where the agents note their writes. */
  readonly writesLog: string;
  readonly warmUpSeconds: number;
  /** Of quiet, before the switches and again after them. */
  readonly steadySeconds: number;
}

/** A switch is felt until its connections are new: so long after its end counts as during it. */
const AFTER_MS = 1_000;

/** Loads a subject: quiet, which says what steady is; then what `act` does to it; then quiet again, so that a machine that changes in between does not decide. */
export async function measureUnderLoad(
  { place, port, writesLog, warmUpSeconds, steadySeconds }: LoadSetting,
  act: () => Promise<readonly Span[]>,
): Promise<SwitchFigures> {
  const load = await startLoad(place, port);
  await sleep(warmUpSeconds * 1_000, place.signal);
  const quiet: Period[] = [];
  const stayQuiet = async () => {
    const fromMs = nowMs();
    await sleep(steadySeconds * 1_000, place.signal);
    quiet.push({ fromMs, toMs: nowMs() });
  };
  await stayQuiet();
  const spans = await act();
  await sleep(AFTER_MS, place.signal);
  await stayQuiet();
  const record = await load.stop();
  const written = existsSync(writesLog) ? readFileSync(writesLog, "utf8").split("\n") : [];
  return foldFigures(record, quiet, spans, written);
}

interface Period {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Pure. A request belongs to the moment at which it was due. */
export function foldFigures(record: LoadRecord, quiet: readonly Period[], spans: readonly Span[], written: readonly string[]): SwitchFigures {
  const felt = spans.map(({ beganMs, endedMs }) => ({ fromMs: beganMs, toMs: endedMs + AFTER_MS }));
  const acts = { fromMs: quiet[0]?.toMs ?? Number.NEGATIVE_INFINITY, toMs: quiet.at(-1)?.fromMs ?? Number.POSITIVE_INFINITY };
  const tookWhere = (isMeant: (dueMs: number) => boolean) => record.answers.filter(([dueMs]) => isMeant(dueMs)).map(([, tookMs]) => tookMs);
  const steady = tookWhere((dueMs) => isWithin(quiet, dueMs));
  const { streams, messages, toldToReconnect } = record.counted;
  return {
    requests: record.answers.length + streams + messages,
    failures: [...record.failures, ...judgeWrites(record.sent, record.acknowledged, written)],
    toldToReconnect,
    steadyMedianMs: percentile(steady, 0.5),
    steadyP99Ms: percentile(steady, 0.99),
    duringP99Ms: percentile(
      tookWhere((dueMs) => isWithin(felt, dueMs)),
      0.99,
    ),
    betweenP99Ms: percentile(
      tookWhere((dueMs) => isWithin([acts], dueMs) && !isWithin(felt, dueMs)),
      0.99,
    ),
    clientsLateP99Ms: percentile(
      record.answers.map(([, , lateMs]) => lateMs),
      0.99,
    ),
  };
}

const isWithin = (periods: readonly Period[], ms: number) => periods.some(({ fromMs, toMs }) => ms >= fromMs && ms < toMs);

/**
 * Failures that a client must not mend by asking again. What it may repeat is a request without effect on a kept connection that ended
 * before any answer (RFC 9112 §9.3.1): browsers do, most clients in programs do not.
 */
export function countUnrepeatable(failures: readonly Failure[]): number {
  return failures.filter(({ of, because }) => !(because.endsWith("on a kept connection") && (of === "GET" || of === "stream"))).length;
}

/** The reasons for failures, the most frequent first: "12x ECONNRESET (GET)". */
export function explainFailures(failures: readonly Failure[]): string {
  const times = new Map<string, number>();
  for (const { of, because } of failures) {
    const reason = `${because.replace(/ \(.*\)$/, "")} (${of})`;
    times.set(reason, (times.get(reason) ?? 0) + 1);
  }
  const sorted = [...times].toSorted(([, left], [, right]) => right - left);
  return sorted
    .slice(0, 4)
    .map(([reason, count]) => `${count}x ${reason}`)
    .join(", ");
}
