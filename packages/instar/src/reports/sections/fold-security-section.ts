import type { ReportSection } from "@instar/protocol";
import { defineBars, defineDurationsChart, groupTimed } from "../define-charts.ts";
import { defineCount, defineDurations, indicesOf } from "../define-figures.ts";
import { type Column, defineTable } from "../define-tables.ts";
import type { FoldedPeriod } from "../fold-updates.ts";
import { isSecurity, judgeDelay, judgeStanding } from "../judge-update.ts";
import type { UpdateRecord } from "../update-record.ts";
import { OUTCOME_ORDER, timeToService } from "./fold-updates-section.ts";
import { BECAUSE, DETECTED, ENDED, OUTCOME, SERVED, STARTED, UPDATE, VERSION_FROM, VERSION_TO } from "./update-columns.ts";

/** Updates that say that they mend a security fault: how soon after their detection they served. */
export function foldSecuritySection(period: FoldedPeriod): ReportSection {
  const security = period.updates.filter((each) => isSecurity(each) === true);
  const unknown = period.updates.filter((each) => isSecurity(each) === null);
  const others = period.updates.filter((each) => isSecurity(each) === false && each.sort === "code");
  const of = (standing: ReturnType<typeof judgeStanding>) => security.filter((each) => judgeStanding(each) === standing);
  const delays = security.flatMap(timeToService);
  const ends = (some: readonly UpdateRecord[]) => some.flatMap(({ ended, entries }) => (ended === null ? entries.slice(0, 1) : indicesOf(ended)));
  return {
    section: "security",
    title: "Security updates",
    because:
      security.length === 0
        ? `No update of this period is known to be a security update${unknown.length === 0 ? "" : `; of ${unknown.length} nobody knows, since they were not analysed`}.`
        : `${security.length} security updates: ${of("well").length} committed, ${of("failed").length} failed, ${of("open").length} under way.`,
    figures: [
      defineCount(
        {
          id: "security",
          label: "Security updates",
          because: "The analysis found that the change says so of itself, which nobody has proved; what was dismissed before its analysis is not among them",
        },
        security.map(typeOf),
      ),
      defineCount({ id: "security.committed", label: "Committed", because: "They serve" }, ends(of("well"))),
      defineCount({ id: "security.failed", label: "Failed", because: "What they mend is not mended by them" }, ends(of("failed"))),
      defineCount({ id: "security.calledOff", label: "Cancelled or superseded", because: "Called off, or a newer version came" }, ends(of("neither"))),
      defineCount({ id: "security.open", label: "Under way", because: "Had not ended at the end of the period" }, ends(of("open"))),
      defineCount({ id: "security.unknown", label: "Not known", because: "Updates of the code that ended, or are, before their analysis" }, ends(unknown)),
      ...defineDurations(
        {
          id: "security.detectionToService",
          label: "From detection to service",
          because: "From the first time that a source had it until its exchange was done, of security updates that stayed",
        },
        delays,
        ["mean", "median", "p90", "longest"],
      ),
    ],
    charts: [
      defineDurationsChart(
        "security.delays",
        "From detection to service",
        new Map([
          ["security updates", groupTimed(delays)],
          ["other updates of the code", groupTimed(others.flatMap(timeToService))],
        ]),
      ),
      defineBars(
        "security.ended",
        "Security updates ended",
        security.flatMap(({ ended, outcome }) => (ended === null ? [] : [{ ...ended, series: outcome ?? "other" }])),
        OUTCOME_ORDER,
        period,
      ),
    ],
    tables: [
      defineTable({ id: "security", title: "Security updates", because: "Each with how soon it served" }, COLUMNS, security, (record) => [
        ...indicesOf(record.detected),
        ...record.entries,
      ]),
    ],
  };
}

const typeOf = ({ updateType, entries }: UpdateRecord) => updateType?.index ?? entries[0] ?? 0;

const COLUMNS: readonly Column<UpdateRecord>[] = [
  UPDATE,
  VERSION_FROM,
  VERSION_TO,
  DETECTED,
  STARTED,
  SERVED,
  ENDED,
  { id: "detectionToServiceMs", label: "From detection to service", unit: "ms", cell: judgeDelay },
  { id: "risk", label: "Risk", unit: "text", cell: ({ risk }) => risk },
  OUTCOME,
  BECAUSE,
];
