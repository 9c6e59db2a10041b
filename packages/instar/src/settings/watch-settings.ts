import { z } from "zod";
import { command, duration, jsonPointer, pattern, port } from "./setting-values.ts";

const gate = z.enum(["rollback", "pause", "report", "off"]);
const trigger = (does: z.output<typeof gate>, words: string) =>
  z
    .strictObject({ gate: gate.default(does) })
    .prefault({})
    .describe(words);

/** Names are keys of records: a thing called `__proto__` is none. */
const metricName = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,79}$/, "must begin with a letter and have only letters, digits, dots, dashes and underscores");

const metric = z.strictObject({
  name: metricName,
  prometheus: z
    .strictObject({
      metric: z.string().min(1).describe("The sample's name, as the agent shows it"),
      labels: z.record(z.string(), z.string()).optional().describe("Only series with these labels"),
      path: z.string().startsWith("/").default("/metrics"),
      port: port.optional().describe("On this machine; the agent's own where it is left out"),
    })
    .optional()
    .describe("Asked of the agent, over loopback"),
  run: command.optional().describe("Or a program that prints the number, or JSON"),
  at: jsonPointer.optional().describe("With run: where the number stands in the JSON"),
  within: duration.prefault("10s").describe("With run: how long it may take"),
  kind: z.enum(["gauge", "counter"]).default("gauge").describe("counter: what comes in a span counts, and a start anew from zero is understood"),
  every: duration.prefault("15s").describe("How often it is asked"),
});

/** `watch`: the new version in service. */
export const watchSettings = z.strictObject({
  time: z
    .union([z.literal("by-risk"), duration])
    .default("by-risk")
    .describe("How long a new version is watched, in time that Instar was there to watch; by-risk: by what the change touches, see times"),
  times: z
    .strictObject({
      low: duration.prefault("1h"),
      medium: duration.prefault("6h"),
      high: duration.prefault("24h"),
      critical: duration.prefault("72h"),
    })
    .prefault({})
    .describe("With by-risk: how long, for each risk"),
  requests: z.int().min(0).default(200).describe("And at least this many requests (0 for an agent without a port)"),
  errorShare: z.number().min(0).max(1).default(0.1).describe("More failures than this share, beyond doubt, puts the old version back"),
  onUnverified: z
    .enum(["keep", "hold", "roll-back"])
    .default("hold")
    .describe("What becomes of a version that was not measured enough when all the time is over: a person decides (hold), or it is kept, or goes back"),
  onBlind: z.enum(["hold", "roll-back"]).default("hold").describe("What becomes of it when what should be measured stays silent"),
  confirmWithin: duration.optional().describe("The old version comes back by itself unless `instar update confirm` comes within this time of the exchange"),
  triggers: z
    .strictObject({
      health_check_failure: trigger("rollback", "Three health checks in a row that do not pass"),
      error_rate_spike: trigger("rollback", "More failures than errorShare, beyond doubt"),
      performance_degradation: z
        .strictObject({ gate: gate.default("rollback"), times: z.number().gt(1).default(1.5).describe("The old version's latency, so many times") })
        .prefault({})
        .describe("Slower than the old version, beyond doubt (rollback where nothing is said)"),
      service_unavailable: trigger("rollback", "Its process is gone, or requests do not reach it"),
      crash_loop: trigger("rollback", "It ends by itself again and again"),
      memory_growth: trigger("pause", "Its memory grows and does not stop"),
      event_loop_growth: trigger("pause", "Its event loop runs later and later"),
      missing_heartbeat: trigger("rollback", "Its heartbeat stays away"),
      things_dropped: trigger("rollback", "A configured thing that the old version had (rehearsal.things) is gone"),
      files_changed: trigger("rollback", "Its files were changed underneath"),
      log_errors: trigger("pause", "It writes more lines that tell of an error than the old version did"),
      metric_shift: trigger("pause", "One of metrics is not where it was"),
    })
    .prefault({})
    .describe("What each finding leads to: rollback at once, pause until a person answers, report, or off"),
  metrics: z.array(metric).default([]).describe("Metrics of your own"),
  logErrors: pattern.optional().describe("Lines of its output that tell of an error; rehearsal.logErrors where this is left out"),
});

/** The longest that a watch may be: what a change is assessed against before its risk is known. */
export const longestWatchMs = (watch: z.output<typeof watchSettings>): number => (watch.time === "by-risk" ? watch.times.critical : watch.time);
