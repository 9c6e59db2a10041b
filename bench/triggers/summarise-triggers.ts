import { upperShareBound } from "../../packages/instar/src/statistics/error-share-evidence.ts";
import { type Bar, bar, type Row, row } from "../bench-report.ts";
import { percentile } from "../percentile.ts";
import type { WindowResult } from "./run-window.ts";
import type { Scenario } from "./scenarios.ts";

export interface Simulated {
  readonly scenario: Scenario;
  readonly windows: readonly WindowResult[];
}

/** The specification's bar: of twenty windows of a version that is as the old one was, at most one may end otherwise. */
const FALSE_ALARMS = 0.05;

/** The bare threshold that the rates stand beside. */
const BARE = "more than 10 % of 2 min";

export function summariseTriggers(simulated: readonly Simulated[]): { readonly rows: readonly Row[]; readonly bars: readonly Bar[] } {
  return {
    rows: simulated.flatMap((each) => (each.scenario.wants === "quiet" ? describeQuiet(each) : describeFault(each))),
    bars: simulated.flatMap(planBars),
  };
}

function describeQuiet({ scenario, windows }: Simulated): Row[] {
  const rollbacks = windows.filter(({ rollback }) => rollback !== undefined);
  const alarms = windows.filter(({ pause }) => pause !== undefined);
  const bare = windows.filter(({ bareRollback }) => bareRollback).length / windows.length;
  return [
    row(
      `false rollbacks in ${scenario.hours} h: ${scenario.name}`,
      "of windows",
      rollbacks.length / windows.length,
      BARE,
      bare,
      bound(rollbacks.length, windows.length),
    ),
    row(
      `false alarms in ${scenario.hours} h: ${scenario.name}`,
      "of windows",
      alarms.length / windows.length,
      null,
      null,
      bound(alarms.length, windows.length),
    ),
  ];
}

function describeFault({ scenario, windows }: Simulated): Row[] {
  const delays = delaysOf({ scenario, windows });
  const name = `${scenario.wants}: ${scenario.name}`;
  const found = `${delays.length} of ${windows.length} found`;
  return [row(`${name}, median`, "s", percentile(delays, 0.5), null, null, found), row(`${name}, 95th percentile`, "s", percentile(delays, 0.95), null, null)];
}

function planBars({ scenario, windows }: Simulated): Bar[] {
  if (scenario.wants === "quiet")
    return [
      bar(`false rollbacks: ${scenario.name}`, `<= ${FALSE_ALARMS}`, windows.filter(({ rollback }) => rollback !== undefined).length / windows.length),
      bar(`false alarms: ${scenario.name}`, `<= ${FALSE_ALARMS}`, windows.filter(({ pause }) => pause !== undefined).length / windows.length),
    ];
  const delays = delaysOf({ scenario, windows });
  return [
    bar(`${scenario.wants}: ${scenario.name}: found`, ">= 0.95", delays.length / windows.length),
    ...(scenario.withinMs === undefined
      ? []
      : [bar(`${scenario.wants}: ${scenario.name}: s, 95th percentile`, `<= ${scenario.withinMs / 1_000}`, percentile(delays, 0.95))]),
  ];
}

/** Seconds from the fault to what was wanted, where it came, and came after the fault. Where a pause was wanted, a rollback is as good an end. */
function delaysOf({ scenario, windows }: Simulated): number[] {
  return windows.flatMap(({ rollback, pause, faultMs }) => {
    const ending = scenario.wants === "pause" ? (pause ?? rollback) : rollback;
    return ending === undefined || ending.atMs <= faultMs ? [] : [(ending.atMs - faultMs) / 1_000];
  });
}

/** What the rate may be at most, at 95 % (Clopper-Pearson). */
const bound = (count: number, windows: number): string =>
  `${count} of ${windows}: at most ${(100 * upperShareBound(count, windows, 0.05)).toFixed(1)} % at 95 %`;
