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
}

export interface LoadSetting {
  readonly place: Place;
  readonly port: number;
  /** Where the agents note their writes. */
  readonly writesLog: string;
  readonly steadySeconds: number;
}

/** A switch is felt until its connections are new: so long after its end counts as during it. */
const AFTER_MS = 1_000;
const WARM_UP_MS = 2_000;

/** Loads a subject: a quiet while that says what steady is, then what `act` does to it. `act` gives the spans of the switches. */
export async function measureUnderLoad({ place, port, writesLog, steadySeconds }: LoadSetting, act: () => Promise<readonly Span[]>): Promise<SwitchFigures> {
  const load = await startLoad(place, port);
  await sleep(WARM_UP_MS, place.signal);
  const steadyFromMs = nowMs();
  await sleep(steadySeconds * 1_000, place.signal);
  const steadyToMs = nowMs();
  const spans = await act();
  await sleep(AFTER_MS, place.signal);
  const record = await load.stop();
  const written = existsSync(writesLog) ? readFileSync(writesLog, "utf8").split("\n") : [];
  return foldFigures(record, { fromMs: steadyFromMs, toMs: steadyToMs }, spans, written);
}

/** Pure. A request belongs to the moment at which it was due. */
export function foldFigures(record: LoadRecord, steady: { fromMs: number; toMs: number }, spans: readonly Span[], written: readonly string[]): SwitchFigures {
  const tookWhere = (isWithin: (dueMs: number) => boolean) => record.answers.filter(([dueMs]) => isWithin(dueMs)).map(([, tookMs]) => tookMs);
  const quiet = tookWhere((dueMs) => dueMs >= steady.fromMs && dueMs < steady.toMs);
  const during = tookWhere((dueMs) => spans.some(({ beganMs, endedMs }) => dueMs >= beganMs && dueMs < endedMs + AFTER_MS));
  const { streams, messages, toldToReconnect } = record.counted;
  return {
    requests: record.answers.length + streams + messages,
    failures: [...record.failures, ...judgeWrites(record.sent, record.acknowledged, written, steady.toMs)],
    toldToReconnect,
    steadyMedianMs: percentile(quiet, 0.5),
    steadyP99Ms: percentile(quiet, 0.99),
    duringP99Ms: percentile(during, 0.99),
  };
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
