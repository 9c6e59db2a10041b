import type { ReportFigure, ReportSection } from "@instar/protocol";
import { defineBars, defineDurationsChart, defineShares, groupBy, groupTimed, type TimedGroup } from "../define-charts.ts";
import { defineCount, defineDurations, defineShare, indicesOf, sortIndices, type Timed } from "../define-figures.ts";
import { type Column, defineTable } from "../define-tables.ts";
import type { FoldedPeriod } from "../fold-updates.ts";
import { hasBegunExchange, judgeCause, judgeStanding, judgeWayBack, type WayBack } from "../judge-update.ts";
import { CAUSE_COLUMNS, codeOf, entriesOfFailed, type FailedUpdate, groupCauses, stageOf } from "./fold-failures-section.ts";
import { ENDED, SERVED, SORT, UPDATE, VERSION_FROM, VERSION_TO } from "./update-columns.ts";

interface Rollback extends FailedUpdate {
  readonly back: WayBack;
}

const MONTH_MS = 30 * 86_400_000;
const SERIES = ["by itself", "by a person"] as const;

/** What was taken back after people may have met it, why, how often, and how long that took. */
export function foldRollbacksSection(period: FoldedPeriod): ReportSection {
  const rollbacks = period.updates.flatMap((record): Rollback[] => {
    const back = judgeWayBack(record);
    return back === undefined ? [] : [{ record, cause: judgeCause(record), back }];
  });
  const byHand = period.updates.filter((each) => each.sort === "going-back" && judgeStanding(each) === "well");
  const exchanged = period.updates.filter((each) => each.ended !== null && hasBegunExchange(each));
  const times = rollbacks.flatMap(timeBack);
  const ends = rollbacks.flatMap(({ record }) => indicesOf(record.ended));
  const isInside = ({ atMs }: { readonly atMs: number }) => atMs >= period.fromMs;
  return {
    section: "rollbacks",
    title: "Rollbacks",
    because: say(rollbacks.length, exchanged.length, byHand.length),
    figures: [
      defineCount({ id: "rollbacks", label: "Rollbacks", because: "Updates that were exchanged and went back" }, ends),
      defineCount(
        { id: "rollbacks.byHand", label: "Goings back by hand", because: "A person went back to an earlier version, and it stayed" },
        byHand.flatMap(({ ended }) => indicesOf(ended)),
      ),
      defineShare(
        { id: "rollbackRate", label: "Rollback rate", because: "Of updates that ended and whose exchange had begun" },
        rollbacks.length,
        exchanged.length,
        exchanged.flatMap(({ ended }) => indicesOf(ended)),
      ),
      defineFrequency(ends, period),
      ...defineDurations(
        { id: "wayBack", label: "Time to the way back", because: "From the failure, or a person's word, until what served before served again" },
        times,
        ["median", "p90", "longest"],
      ),
      defineCount(
        { id: "wayBack.failed", label: "Ways back that failed", because: "Each try that did not work, and each time a person was needed" },
        period.updates.flatMap((each) => each.undoFailures.filter(isInside).map(({ index }) => index)),
      ),
      defineCount(
        { id: "quarantined", label: "Releases quarantined", because: "They do not come again by themselves" },
        period.updates.flatMap((each) => each.quarantined.map(({ index }) => index)),
      ),
    ],
    charts: [
      defineBars(
        "rollbacks.ended",
        "Rollbacks",
        [
          ...rollbacks.flatMap(({ record }) => (record.ended === null ? [] : [{ ...record.ended, series: SERIES[0] }])),
          ...byHand.flatMap(({ ended }) => (ended === null ? [] : [{ ...ended, series: SERIES[1] }])),
        ],
        SERIES,
        period,
      ),
      defineShares(
        "rollbacks.codes",
        "Why versions went back",
        groupBy(rollbacks, codeOf, ({ record }) => record.ended?.index ?? 0),
      ),
      defineDurationsChart("rollbacks.times", "Time to the way back, by the step that failed", timesByStage(rollbacks)),
    ],
    tables: [
      defineTable({ id: "rollbacks", title: "Rollbacks", because: "Each with what it was that went wrong" }, COLUMNS, rollbacks, ({ record, back }) => [
        ...record.entries,
        ...back.entries,
      ]),
      defineTable(
        { id: "rollbackCauses", title: "By step and cause", because: "The same updates, most first" },
        CAUSE_COLUMNS,
        groupCauses(rollbacks),
        ({ all }) => all.flatMap(entriesOfFailed),
      ),
    ],
  };
}

function say(rollbacks: number, exchanged: number, byHand: number): string {
  const hand = byHand === 0 ? "" : ` ${byHand} times a person went back by hand.`;
  if (exchanged === 0) return `Nothing was exchanged in this period.${hand}`;
  return `${rollbacks} of ${exchanged} updates that were exchanged went back.${hand}`;
}

/** So that a month and a year can be held against each other. */
function defineFrequency(ends: number[], { fromMs, toMs }: FoldedPeriod): ReportFigure {
  return {
    id: "rollbacksPer30Days",
    label: "Rollbacks per 30 days",
    value: toMs > fromMs ? Math.round((ends.length / (toMs - fromMs)) * MONTH_MS * 100) / 100 : null,
    unit: "count",
    n: ends.length,
    interval: null,
    countsEntries: false,
    because: "The rollbacks of the period, by its length",
    entries: sortIndices(ends),
  };
}

const timeBack = ({ back }: Rollback): Timed[] => (back.tookMs === null ? [] : [{ ms: back.tookMs, entries: back.entries }]);

function timesByStage(rollbacks: readonly Rollback[]): Map<string, TimedGroup> {
  const groups = groupBy(rollbacks, stageOf, timeBack);
  return new Map([...groups].map(([stage, timed]) => [stage, groupTimed(timed.flat())]));
}

const COLUMNS: readonly Column<Rollback>[] = [
  ...[UPDATE, SORT, VERSION_FROM, VERSION_TO, SERVED, ENDED].map((column): Column<Rollback> => ({ ...column, cell: ({ record }) => column.cell(record) })),
  { id: "stage", label: "Failed at", unit: "text", cell: stageOf },
  { id: "code", label: "Code", unit: "text", cell: codeOf },
  { id: "wayBackMs", label: "Time to the way back", unit: "ms", cell: ({ back }) => back.tookMs },
  { id: "writesSince", label: "Writes since the exchange", unit: "count", cell: ({ back }) => back.writesSince },
  { id: "because", label: "Because", unit: "text", cell: ({ record, cause }) => cause?.because ?? record.because },
];
