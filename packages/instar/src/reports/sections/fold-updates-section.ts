import { OUTCOMES, type ReportSection } from "@instar/protocol";
import { defineBars, defineDurationsChart, defineShares, groupBy } from "../define-charts.ts";
import { defineCount, defineDurations, defineShare, indicesOf, type Timed } from "../define-figures.ts";
import { type Column, defineTable } from "../define-tables.ts";
import { between } from "../fold-update.ts";
import type { FoldedPeriod } from "../fold-updates.ts";
import { judgeCause, judgeDelay, judgeStanding } from "../judge-update.ts";
import { UPDATE_SORTS, type UpdateRecord } from "../update-record.ts";
import { BECAUSE, DETECTED, ENDED, OUTCOME, SERVED, SORT, STARTED, TOOK, UPDATE, VERSION_FROM, VERSION_TO } from "./update-columns.ts";

export const OUTCOME_ORDER = [...OUTCOMES, "other"] as const;

/** What was updated, how it ended, and how long it took. */
export function foldUpdatesSection(period: FoldedPeriod): ReportSection {
  const { updates, fromMs } = period;
  const started = updates.filter((each) => each.started !== null && each.started.atMs >= fromMs);
  const ended = updates.filter((each) => each.ended !== null);
  const open = updates.filter((each) => each.ended === null);
  const well = ended.filter((each) => judgeStanding(each) === "well");
  const judged = ended.filter((each) => judgeStanding(each) !== "neither");
  const committedTimes = well.flatMap(timeToEnd);
  const delays = ended.flatMap(timeToService);
  const byOutcome = groupBy(ended, outcomeOf, endOf);
  return {
    section: "updates",
    title: "Updates",
    because: say(updates.length, ended.length, well.length, open.length),
    figures: [
      defineCount({ id: "detected", label: "New versions detected", because: "Each time a source had something new" }, period.detected),
      defineCount({ id: "dismissed", label: "Versions dismissed", because: "Found, and not taken: each time with a reason" }, period.dismissed),
      defineCount({ id: "started", label: "Updates started", because: "In the period" }, started.flatMap(startOf)),
      defineCount({ id: "ended", label: "Updates ended", because: "In the period, whenever they began" }, ended.map(endOf)),
      defineCount(
        { id: "open", label: "Updates under way", because: "Had not ended at the end of the period" },
        open.flatMap(({ entries }) => entries.slice(0, 1)),
      ),
      ...OUTCOME_ORDER.map((outcome) =>
        defineCount({ id: `outcome.${outcome}`, label: `Ended: ${outcome}`, because: WHAT_OUTCOMES_ARE[outcome] }, byOutcome.get(outcome) ?? []),
      ),
      defineShare(
        {
          id: "successRate",
          label: "Success rate",
          because: "Committed, of all that ended; those that were cancelled or superseded are left out, since they say nothing of the version",
        },
        well.length,
        judged.length,
        judged.map(endOf),
      ),
      ...defineDurations(
        { id: "duration", label: "From start to end", because: "Of committed updates whose start was read, waits for people and the watch included" },
        committedTimes,
        ["median", "p90"],
      ),
      ...defineDurations(
        {
          id: "detectionToService",
          label: "From detection to service",
          because: "From the first time that a source had it until its exchange was done, of versions that stayed",
        },
        delays,
        ["mean", "median", "p90"],
      ),
    ],
    charts: [
      defineBars(
        "updates.ended",
        "Updates ended",
        ended.flatMap((each) => (each.ended === null ? [] : [{ ...each.ended, series: outcomeOf(each) }])),
        OUTCOME_ORDER,
        period,
      ),
      defineShares("updates.outcomes", "How updates ended", byOutcome, OUTCOME_ORDER),
      defineDurationsChart("updates.stages", "How long the steps took", period.stageTimes),
    ],
    tables: [
      defineTable(
        { id: "updates", title: "All updates", because: "Those that ended in the period, and those under way at its end" },
        COLUMNS,
        updates,
        ({ entries }) => entries,
      ),
      defineTable(
        { id: "sorts", title: "What was updated", because: "The same updates by what they did" },
        SORT_COLUMNS,
        UPDATE_SORTS.map((sort) => ({ sort, all: updates.filter((each) => each.sort === sort) })).filter(({ all }) => all.length > 0),
        ({ all }) => all.flatMap((each) => indicesOf(each.started, each.ended)),
      ),
    ],
  };
}

const WHAT_OUTCOMES_ARE: Readonly<Record<(typeof OUTCOME_ORDER)[number], string>> = {
  committed: "The new version serves and is the way back",
  "rolled-back": "It was exchanged, and what served before serves again",
  refused: "It did not pass, and nothing that serves was touched",
  cancelled: "A person, or a newer version, ended it before the exchange",
  superseded: "It served, and a newer version took its place before it was committed",
  "stuck-resolved": "It could not go on nor back, and a person decided",
  other: "It ended in a way that this Instar has no word for; it counts as failed",
};

const outcomeOf = ({ outcome }: UpdateRecord) => outcome ?? "other";
const startOf = ({ started }: UpdateRecord) => indicesOf(started);
const endOf = ({ ended }: UpdateRecord) => ended?.index ?? 0;

function say(all: number, ended: number, well: number, open: number): string {
  if (all === 0) return "No update ended in this period, and none was under way at its end.";
  return `${ended} updates ended, ${well} of them committed; ${open} under way at the end of the period.`;
}

function timeToEnd({ started, ended }: UpdateRecord): Timed[] {
  const ms = between(started, ended);
  return ms === null ? [] : [{ ms, entries: indicesOf(started, ended) }];
}

export function timeToService(record: UpdateRecord): Timed[] {
  const ms = judgeDelay(record);
  return ms === null ? [] : [{ ms, entries: indicesOf(record.detected, record.served) }];
}

const peopleOf = ({ words }: UpdateRecord, wanted: string) => {
  const people = [...new Set(words.flatMap(({ word, by }) => (word === wanted ? [by] : [])))];
  return people.length === 0 ? null : people.join(", ");
};

const COLUMNS: readonly Column<UpdateRecord>[] = [
  UPDATE,
  SORT,
  VERSION_FROM,
  VERSION_TO,
  { id: "type", label: "Type", unit: "text", cell: ({ updateType }) => updateType?.type ?? null },
  { id: "risk", label: "Risk", unit: "text", cell: ({ risk }) => risk },
  { id: "trigger", label: "Begun", unit: "text", cell: ({ trigger }) => trigger },
  { id: "by", label: "By", unit: "text", cell: ({ by }) => by },
  DETECTED,
  STARTED,
  SERVED,
  ENDED,
  TOOK,
  { id: "decision", label: "Decision", unit: "text", cell: ({ decision }) => decision?.comesTo ?? null },
  { id: "approvedBy", label: "Approved by", unit: "text", cell: (record) => peopleOf(record, "approved") },
  OUTCOME,
  { id: "failedAt", label: "Failed at", unit: "text", cell: (record) => (judgeStanding(record) === "failed" ? (judgeCause(record)?.step ?? null) : null) },
  { id: "code", label: "Code", unit: "text", cell: (record) => (judgeStanding(record) === "failed" ? (judgeCause(record)?.code ?? null) : null) },
  BECAUSE,
];

interface OfSort {
  readonly sort: string;
  readonly all: readonly UpdateRecord[];
}

const count = (standing: ReturnType<typeof judgeStanding>, id: string, label: string): Column<OfSort> => ({
  ...{ id, label, unit: "count" },
  cell: ({ all }) => all.filter((each) => judgeStanding(each) === standing).length,
});

const SORT_COLUMNS: readonly Column<OfSort>[] = [
  { id: "sort", label: "What it was", unit: "text", cell: ({ sort }) => sort },
  { id: "all", label: "Updates", unit: "count", cell: ({ all }) => all.length },
  count("well", "committed", "Committed"),
  count("failed", "failed", "Failed"),
  count("neither", "calledOff", "Cancelled or superseded"),
  count("open", "open", "Under way"),
];
