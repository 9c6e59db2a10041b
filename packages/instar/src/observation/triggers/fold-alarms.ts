import type { ObservationPlan } from "../observation-plan.ts";
import type { Alarm, ObservationState } from "../observation-state.ts";
import type { FoldedShifts } from "./fold-shifts.ts";
import { judgeErrorsDoubled } from "./judge-errors-doubled.ts";
import { findSlowLevel } from "./judge-latency.ts";
import { judgeEventLoop, judgeMemory } from "./judge-leaks.ts";

/** A cause that was not seen for so long is over: what comes then is another alarm, and asks a person again. */
const QUIET_MS = 3_600_000;

/** What asks for a person stays until one confirmed, also where its cause went away meanwhile: the alarms, with when each was raised. */
export function foldAlarms(
  before: ObservationState,
  next: ObservationState,
  shifted: FoldedShifts["alarms"],
  plan: ObservationPlan,
): ObservationState["alarms"] {
  const raised: [string, string][] = shifted.map(({ name, direction }) => [
    `shift:${name}`,
    name === "log_errors" ? "its log tells of more errors than the old version's" : `${name} is ${direction} than it was with the old version`,
  ]);
  const doubled = judgeErrorsDoubled(next, plan);
  if (doubled !== undefined) raised.push(["errors", doubled]);
  const slow = findSlowLevel(next, plan, "pause");
  if (slow !== undefined) raised.push(["latency", slow.because]);
  const [memory, eventLoop] = [judgeMemory(next, plan), judgeEventLoop(next, plan)];
  if (memory?.growth.isGrowing) raised.push(["memory", memory.because]);
  if (eventLoop?.growth.isGrowing) raised.push(["event-loop", eventLoop.because]);
  if (raised.length === 0 || next.lastTickMs === null) return before.alarms;
  const alarms: Record<string, Alarm> = { ...before.alarms };
  for (const [name, because] of raised) {
    const known = alarms[name];
    const goesOn = known !== undefined && next.lastTickMs - known.lastTickMs <= QUIET_MS;
    alarms[name] = { sinceTickMs: goesOn ? known.sinceTickMs : next.lastTickMs, lastTickMs: next.lastTickMs, because };
  }
  return alarms;
}
