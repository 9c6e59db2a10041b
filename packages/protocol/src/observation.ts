import { z } from "zod";
import { VERDICTS } from "./verdict.ts";

/** What one trigger makes of what was seen of a version in service. */
export const triggerFinding = z.object({
  trigger: z.string().describe("One of the specification's five, or crash_loop, memory_growth, event_loop_growth, missing_heartbeat, things_dropped, …"),
  gate: z.string().describe("What a fail leads to: rollback, pause or report"),
  verdict: z.enum(VERDICTS),
  because: z.string(),
  statistic: z.number().nullable().describe("What was computed; null where nothing could be"),
  bound: z.number().nullable().describe("The confidence bound that it is judged by"),
  threshold: z.number().describe("What it is held to"),
  samples: z.number().describe("Of what was counted: requests, checks, minutes"),
  nextLookMs: z.number(),
  raisedAtTickMs: z.number().nullable().describe("Of an alarm: instance time at which it was raised"),
});

/** How far a version's watch is: time and enough events. */
const observationWindow = z.object({
  countedMs: z.number().describe("Time under watch so far"),
  neededMs: z.number(),
  endsMs: z.number().describe("Where evidence is missing it ends here at the latest"),
  requests: z.number(),
  neededRequests: z.number(),
  isExtended: z.boolean(),
  isUnverified: z.boolean().describe("It ended without enough evidence"),
});

export const observationEvidence = z.object({
  verdict: z.enum(VERDICTS),
  action: z.string().describe("What follows: watch, keep, roll-back, pause (a person decides), blind (it cannot be judged)"),
  because: z.string(),
  findings: z.array(triggerFinding).describe("What each trigger came to; first those that the verdict rests on"),
  window: observationWindow,
});
export type ObservationEvidence = z.output<typeof observationEvidence>;

export const observationView = observationEvidence.extend({
  update: z.string(),
  version: z.string(),
  step: z.enum(["trial", "watch"]),
  waitsFor: z.string().describe("operator: a person is to answer; else observation"),
  alarms: z.array(z.string()).describe("What was raised, each in a sentence"),
  silent: z.record(z.string(), z.string()).describe("Sources that do not answer, each with why"),
  confirm: z
    .object({ withinMs: z.number(), leftMs: z.number(), isConfirmed: z.boolean() })
    .nullable()
    .describe("Where the old version comes back by itself unless a person confirms the new one"),
});
export type ObservationView = z.output<typeof observationView>;

const seenVersion = z.object({
  role: z.enum(["serving", "candidate", "before"]).describe("candidate: it serves and is watched; before: what it is compared with"),
  release: z.string(),
  version: z.string().nullable(),
  coveredMs: z.number().describe("How much of the time somebody was there to see"),
  from: z.string().nullable().describe("Wall time of what was seen first; null where nothing was seen"),
  until: z.string().nullable(),
  requests: z.int().nullable(),
  failed: z.int().nullable(),
  medianMs: z.number().nullable(),
  p95Ms: z.number().nullable(),
  healthChecks: z.int(),
  healthFailed: z.int().describe("Of those, how many did not pass"),
  isServing: z.boolean().nullable(),
  restarts: z.int(),
  residentBytes: z.number().nullable(),
  eventLoopDelayMs: z.number().nullable(),
  heartbeatAgeMs: z.number().nullable(),
  logErrors: z.int().nullable(),
  things: z.record(z.string(), z.int()).describe("How many of each kind it has"),
  damage: z.string().nullable(),
  metrics: z.record(z.string(), z.number()),
  silent: z.record(z.string(), z.string()).describe("Sources that did not answer at the last look, each with why"),
});
export type SeenVersion = z.output<typeof seenVersion>;

export const metricsView = z.object({ sinceMs: z.number(), versions: z.array(seenVersion) });
export type MetricsView = z.output<typeof metricsView>;

const seriesPoint = z.object({
  at: z.string().describe("Wall time at the span's end; clocks jump"),
  tickMs: z.number().describe("Instance time at its end"),
  coveredMs: z.number().describe("How much of the span somebody was there to see"),
  requests: z.int().nullable().describe("Null where nobody could tell, which is never the same as none"),
  failed: z.int().nullable(),
  failedShare: z
    .object({ value: z.number(), lower: z.number(), upper: z.number() })
    .nullable()
    .describe("Of the requests, with Wilson's bounds at 95 %; null where there were none"),
  medianMs: z.number().nullable(),
  p95Ms: z.number().nullable(),
  healthChecks: z.int(),
  healthFailed: z.int(),
  restarts: z.int(),
  residentBytes: z.number().nullable(),
  eventLoopDelayMs: z.number().nullable(),
  logErrors: z.int().nullable(),
  metrics: z.record(z.string(), z.number()),
});
export type SeriesPoint = z.output<typeof seriesPoint>;

export const metricsSeriesView = z.object({
  sinceMs: z.number(),
  update: z.string().nullable().describe("The one that brought what serves"),
  versions: z.array(
    z.object({
      role: seenVersion.shape.role,
      release: z.string(),
      version: z.string().nullable(),
      points: z.array(seriesPoint).describe("Spans in order, the oldest first"),
    }),
  ),
  bounds: z
    .object({
      errorShare: z.number().describe("The largest share of failures that is allowed"),
      usualErrors: z
        .object({ atLeast: z.number(), atMost: z.number() })
        .nullable()
        .describe("Bounds of what the version before did; null where that is not known"),
      usualLatency: z.object({ p50Ms: z.number(), p95Ms: z.number() }).nullable().describe("What the version before took at worst"),
      slowdown: z.number().describe("So many times that are allowed"),
      usualBytes: z.number().nullable().describe("The most memory that the version before took"),
    })
    .nullable()
    .describe("What the newest watch holds it to; null where none was begun"),
  moments: z.array(
    z.object({
      at: z.string(),
      kind: z.enum(["exchange", "verdict", "confirmed", "going-back", "ended"]),
      verdict: z.enum(VERDICTS).nullable(),
      because: z.string(),
    }),
  ),
});
export type MetricsSeriesView = z.output<typeof metricsSeriesView>;

const replays = z.object({ verdict: z.enum(["yes", "no", "nodata"]), because: z.string() });

export const explainView = z.object({
  update: z.string(),
  version: z.string(),
  looks: z.array(
    observationEvidence.extend({
      index: z.int().describe("Of the journal's entry"),
      at: z.string(),
      step: z.enum(["trial", "watch"]),
      tickMs: z.number().describe("Instance time"),
    }),
  ),
  replays: replays.describe("Whether every verdict on it in service comes out again from what was recorded"),
  decisions: z
    .array(
      z.object({
        index: z.int().describe("Of the journal's entry"),
        at: z.string(),
        step: z.enum(["decide", "approve"]),
        comesTo: z.string(),
        because: z.string().describe("The decision as one paragraph"),
        recomputed: replays.describe("Whether it comes out again from what was recorded"),
      }),
    )
    .describe("Whether it might be exchanged"),
});
export type ExplainView = z.output<typeof explainView>;
