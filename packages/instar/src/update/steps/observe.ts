import { judgeWatch, type WatchEvidence, type WatchLimits } from "../../observation/judge-watch.ts";
import { countsOf, Exchange, slotOf } from "../exchange.ts";
import type { Gives } from "../journal-entry.ts";
import type { StepContext, StepResult } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import type { Baseline } from "./exchange-baseline.ts";

/** How often the front's counts are read within a look. A flood of errors is noticed this late. */
const POLL_MS = 250;
/** Health is asked less often: it costs the agent a request. */
const HEALTH_EVERY_MS = 2_000;

type Observed = { readonly kind: "passed"; readonly because: string; readonly evidence: WatchEvidence } | StepResult;

/** One look at the new release: until it is judged, or long enough to be journalled with what was counted so far. */
export async function observe(rooms: StepRooms, context: StepContext, limits: WatchLimits, baseline: Baseline): Promise<Observed> {
  const { clock } = rooms;
  const lookMs = planLookMs(parseNoted(context.noted).countedMs);
  const startedMs = clock.monotonicMs();
  let seenMs = startedMs;
  let healthAtMs = 0;
  let noted = parseNoted(context.noted);
  for (;;) {
    context.signal.throwIfAborted();
    const exchange = new Exchange(rooms, context);
    const report = await exchange.report();
    const release = String(context.given.release);
    const name = slotOf(report, release);
    const nowMs = clock.monotonicMs();
    // Capped: a machine that slept between two polls did not watch.
    noted = { ...noted, countedMs: noted.countedMs + Math.min(nowMs - seenMs, POLL_MS * 4) };
    seenMs = nowMs;
    if (nowMs >= healthAtMs && name !== undefined) {
      healthAtMs = nowMs + HEALTH_EVERY_MS;
      const health = await exchange.probe(report.slots[name]);
      noted = {
        ...noted,
        unhealthyInRow: health.verdict === "pass" ? 0 : noted.unhealthyInRow + 1,
        healthVerdict: health.verdict,
        healthBecause: health.because,
      };
    }
    const evidence = evidenceOf(baseline, report, release, name === undefined ? 3 : report.slots[name].restarts, noted);
    const verdict = judgeWatch(evidence, limits);
    context.say(verdict.because);
    if (verdict.verdict === "fail") return { kind: "refused", code: "MISBEHAVED", because: verdict.because };
    if (verdict.verdict === "pass") return { kind: "passed", because: verdict.because, evidence };
    if (nowMs - startedMs >= lookMs)
      return {
        kind: "waiting",
        waitsFor: "observation",
        forMs: 0,
        because: verdict.because,
        noted: {
          ...noted,
          countedMs: Math.round(noted.countedMs),
          requests: evidence.requests,
          failed: evidence.failed,
          verdict: verdict.verdict,
          logEvidence: verdict.logEvidence,
          upperBound: verdict.upperBound,
        },
      };
    await clock.sleep(POLL_MS, context.signal);
  }
}

/**
 * How long until the next look is journalled: a thirtieth of what was watched so far, from half a second to ten minutes. So a
 * crash loses little of it, and an agent that few people talk to may be watched for weeks without filling the journal.
 */
function planLookMs(countedMs: number): number {
  return Math.min(Math.max(countedMs / 30, 500), 600_000);
}

interface Noted {
  readonly countedMs: number;
  readonly unhealthyInRow: number;
  readonly healthVerdict: WatchEvidence["lastHealth"]["verdict"];
  readonly healthBecause: string;
}

function parseNoted(noted: Gives): Noted {
  return {
    countedMs: typeof noted.countedMs === "number" ? noted.countedMs : 0,
    unhealthyInRow: typeof noted.unhealthyInRow === "number" ? noted.unhealthyInRow : 0,
    healthVerdict: (noted.healthVerdict as Noted["healthVerdict"] | undefined) ?? "nodata",
    healthBecause: typeof noted.healthBecause === "string" ? noted.healthBecause : "it was not asked yet",
  };
}

function evidenceOf({ before, since }: Baseline, report: Parameters<typeof countsOf>[0], release: string, restarts: number, noted: Noted): WatchEvidence {
  const counted = countsOf(report, release);
  return {
    countedMs: noted.countedMs,
    requests: Math.max(0, counted.requests - since.requests),
    failed: Math.max(0, counted.failed - since.failed),
    before,
    restarts,
    unhealthyInRow: noted.unhealthyInRow,
    lastHealth: { verdict: noted.healthVerdict, because: noted.healthBecause },
  };
}
