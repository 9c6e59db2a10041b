import type { ReportSection } from "@instar/protocol";
import { defineBars, defineShares, groupBy } from "../define-charts.ts";
import { defineCount, indicesOf } from "../define-figures.ts";
import { type Column, defineTable } from "../define-tables.ts";
import type { FoldedPeriod } from "../fold-updates.ts";
import { type Cause, hasBegunExchange, judgeCause, judgeStanding } from "../judge-update.ts";
import type { UpdateRecord } from "../update-record.ts";
import { OUTCOME_ORDER } from "./fold-updates-section.ts";
import { ENDED, OUTCOME, SORT, STARTED, TOOK, UPDATE, VERSION_FROM, VERSION_TO } from "./update-columns.ts";

export interface FailedUpdate {
  readonly record: UpdateRecord;
  readonly cause: Cause | undefined;
}

export const stageOf = ({ cause }: FailedUpdate): string => cause?.step ?? "not said";
export const codeOf = ({ cause }: FailedUpdate): string => cause?.code ?? "not said";
/** Its end, and the entry that says why. */
export const entriesOfFailed = ({ record, cause }: FailedUpdate): number[] => indicesOf(cause, record.ended);

/** Which updates failed, at which step and why. */
export function foldFailuresSection(period: FoldedPeriod): ReportSection {
  const failed = period.updates.filter((each) => judgeStanding(each) === "failed").map((record) => ({ record, cause: judgeCause(record) }));
  const met = failed.filter(({ record }) => hasBegunExchange(record));
  const unmet = failed.filter(({ record }) => !hasBegunExchange(record));
  const passed = findPassed(period, failed);
  const ends = (some: readonly FailedUpdate[]) => some.flatMap(({ record }) => indicesOf(record.ended));
  return {
    section: "failures",
    title: "Failed updates",
    because:
      failed.length === 0
        ? "No update failed in this period."
        : `${failed.length} updates failed: ${unmet.length} before anything that serves was touched, ${met.length} after the exchange had begun.`,
    figures: [
      defineCount(
        { id: "failed", label: "Updates that failed", because: "Refused, rolled back, stuck, or ended in a way that is not known here" },
        ends(failed),
      ),
      defineCount({ id: "failed.before", label: "Before the exchange", because: "Nothing that serves was touched" }, ends(unmet)),
      defineCount({ id: "failed.after", label: "After the exchange had begun", because: "People may have met it, or waited" }, ends(met)),
      defineCount(
        { id: "failures.passed", label: "Failures that passed", because: "A step failed, was tried again, and the update did not fail of it" },
        passed,
      ),
      defineCount({ id: "breaker", label: "Breaker opened", because: "After several ways back nothing began by itself any more" }, period.breakers),
    ],
    charts: [
      defineShares(
        "failures.stages",
        "At which step updates failed",
        groupBy(failed, stageOf, ({ record }) => record.ended?.index ?? 0),
      ),
      defineShares(
        "failures.codes",
        "Of what updates failed",
        groupBy(failed, codeOf, ({ record }) => record.ended?.index ?? 0),
      ),
      defineBars(
        "failures.ended",
        "Updates that failed",
        failed.flatMap(({ record: { ended, outcome } }) => (ended === null ? [] : [{ ...ended, series: outcome ?? "other" }])),
        OUTCOME_ORDER,
        period,
      ),
    ],
    tables: [
      defineTable(
        { id: "failures", title: "Updates that failed", because: "Each with the step and the code of the failure that ended it" },
        COLUMNS,
        failed,
        ({ record }) => record.entries,
      ),
      defineTable({ id: "failureCauses", title: "By step and cause", because: "The same updates, most first" }, CAUSE_COLUMNS, groupCauses(failed), ({ all }) =>
        all.flatMap(entriesOfFailed),
      ),
    ],
  };
}

/** Failures of the period that no failed update ended with. */
function findPassed({ updates, fromMs }: FoldedPeriod, failed: readonly FailedUpdate[]): number[] {
  const deadly = new Set(failed.flatMap(({ cause }) => cause?.index ?? []));
  const failures = updates.flatMap((each) => each.failures.filter(({ isTransient }) => isTransient));
  return failures.flatMap(({ index, atMs }) => (atMs >= fromMs && !deadly.has(index) ? [index] : []));
}

export interface CauseGroup {
  readonly stage: string;
  readonly code: string;
  readonly all: readonly FailedUpdate[];
}

/** By step and code, most first; of as many, by their names. */
export function groupCauses(failed: readonly FailedUpdate[]): CauseGroup[] {
  const groups = groupBy(
    failed,
    (each) => JSON.stringify([stageOf(each), codeOf(each)]),
    (each) => each,
  );
  return [...groups]
    .flatMap(([key, all]) => (all[0] === undefined ? [] : [{ key, stage: stageOf(all[0]), code: codeOf(all[0]), all }]))
    .toSorted((a, b) => b.all.length - a.all.length || (a.key < b.key ? -1 : 1));
}

export const CAUSE_COLUMNS: readonly Column<CauseGroup>[] = [
  { id: "stage", label: "Step", unit: "text", cell: ({ stage }) => stage },
  { id: "code", label: "Code", unit: "text", cell: ({ code }) => code },
  { id: "updates", label: "Updates", unit: "count", cell: ({ all }) => all.length },
  { id: "newest", label: "The newest of them, because", unit: "text", cell: ({ all }) => all.at(-1)?.record.because ?? null },
];

const ofRecord = (column: Column<UpdateRecord>): Column<FailedUpdate> => ({ ...column, cell: ({ record }) => column.cell(record) });

const COLUMNS: readonly Column<FailedUpdate>[] = [
  ...[UPDATE, SORT, VERSION_FROM, VERSION_TO, STARTED, ENDED, TOOK, OUTCOME].map(ofRecord),
  { id: "stage", label: "Step", unit: "text", cell: stageOf },
  { id: "code", label: "Code", unit: "text", cell: codeOf },
  { id: "tries", label: "Failures", unit: "count", cell: ({ record }) => record.failures.length },
  { id: "because", label: "Because", unit: "text", cell: ({ record, cause }) => cause?.because ?? record.because },
];
