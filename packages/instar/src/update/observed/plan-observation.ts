import type { Risk } from "@instar/protocol";
import type { ObservationLimits } from "../../observation/observation-limits.ts";
import { planWindow } from "../../observation/plan-window.ts";
import type { Settings } from "../../settings/settings.ts";

/** What the watch of a version is held to, by the settings and the risk of its change. Pure. @param trial where only a share of the callers meets it */
export function planLimits(
  settings: Settings,
  of: { readonly release: string; readonly risk: Risk },
  trial?: Settings["exchange"]["trial"],
): ObservationLimits {
  const { watch, health, front } = settings;
  const { time, times, triggers } = watch;
  const byRisk = times[of.risk === "minimal" ? "low" : of.risk];
  const window = planWindow(of.risk, { time: trial?.time ?? (time === "by-risk" ? byRisk : time), onUnverified: watch.onUnverified });
  return {
    ...of,
    ...window,
    requests: front === undefined ? 0 : (trial?.requests ?? watch.requests),
    // Evidence against a share of 0 or 1 is either always there or never.
    errorShare: Math.min(Math.max(watch.errorShare, 1e-6), 1 - 1e-6),
    slowdown: triggers.performance_degradation.times,
    heartbeatWithinMs: health.heartbeat?.within ?? null,
    gates: Object.fromEntries(Object.entries(triggers).flatMap(([trigger, { gate }]) => (gate === undefined ? [] : [[trigger, gate]]))),
  };
}
