import { type Bar, bar } from "./bench-report.ts";
import type { Switches } from "./switches/measure-switches.ts";
import type { Throughput } from "./throughput/measure-throughput.ts";

/** What Instar asks of itself. A part that was left out is not met: never measured is never a pass. */
export function planBars(switches: Switches | undefined, throughput: Throughput | undefined): Bar[] {
  return [
    bar("requests failed across Instar's switches, both ways", "== 0", switches?.failedInSwitches ?? null),
    bar("requests failed across Instar's keeper replacements", "== 0", switches?.failedInReplacements ?? null),
    bar("Instar's p99 during a switch / steady", "<= 3", switches?.p99Ratio ?? null),
    bar("seconds without a front after SIGKILL of the keeper", "<= 2", switches?.awayAfterKillS ?? null),
    bar("throughput / nginx, 32 connections", ">= 0.4", throughput?.toNginx ?? null),
    bar("throughput / http-proxy-3, 32 connections", ">= 1.2", throughput?.toHttpProxy ?? null),
    bar("median added at 1 connection, ms", "<= 0.3", throughput?.addedMedianMs ?? null),
  ];
}
