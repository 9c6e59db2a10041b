import { type ReportSection, VERDICTS } from "@instar/protocol";
import { defineDurationsChart, defineShares, groupBy, groupTimed, type TimedGroup } from "../define-charts.ts";
import { defineCount, defineDurations, defineShare, defineSum, indicesOf, type Timed } from "../define-figures.ts";
import { type Column, defineTable } from "../define-tables.ts";
import type { FoldedPeriod } from "../fold-updates.ts";
import type { UpdateRecord } from "../update-record.ts";
import { OUTCOME, SORT, UPDATE, VERSION_FROM, VERSION_TO } from "./update-columns.ts";

/** What updates cost and what was measured of new versions: exchanges, watches and rehearsals, as far as the ledger carries it. */
export function foldPerformanceSection(period: FoldedPeriod): ReportSection {
  const measured = period.updates.filter(isMeasured);
  const watched = measured.flatMap(({ measured: { watched: found } }) => found ?? []);
  const requests = watched.reduce((sum, each) => sum + each.requests, 0);
  const failed = watched.reduce((sum, each) => sum + each.failed, 0);
  const rehearsals = measured.flatMap(({ measured: { rehearsal } }) => rehearsal ?? []);
  const worse = period.updates.flatMap(({ failures }) => failures.filter(({ step, atMs }) => IN_SERVICE.has(step) && atMs >= period.fromMs));
  const exchanges = measured.flatMap(timeExchange);
  return {
    section: "performance",
    title: "Performance",
    because:
      measured.length === 0 && worse.length === 0
        ? "Nothing was measured in this period."
        : `${exchanges.length} exchanges were timed, ${watched.length} versions were watched over ${requests} requests, ${rehearsals.length} were to be rehearsed.`,
    figures: [
      ...defineDurations(
        {
          id: "exchange",
          label: "Exchange",
          because: "From the beginning of the exchange until the new version served; of one that was interrupted, its last beginning",
        },
        exchanges,
        ["median", "p90", "longest"],
      ),
      defineSum(
        { id: "watched.requests", label: "Requests under watch", because: "To versions whose watch they passed" },
        requests,
        watched.map(({ index }) => index),
      ),
      {
        ...defineShare(
          {
            id: "watched.failedShare",
            label: "Requests that failed under watch",
            because:
              requests === 0
                ? "Nothing was measured. Of versions whose watch they passed"
                : "Of versions whose watch they passed; no interval, since requests fail together",
          },
          failed,
          requests,
          watched.map(({ index }) => index),
        ),
        interval: null,
      },
      defineCount(
        {
          id: "worseInService",
          label: "Found worse in service",
          because: "Versions that failed in the trial, in the check after the exchange, or under watch",
        },
        worse.map(({ index }) => index),
      ),
      ...VERDICTS.map((verdict) =>
        defineCount(
          { id: `rehearsal.${verdict}`, label: `Rehearsals: ${verdict}`, because: "What the rehearsal beside the old version came to" },
          rehearsals.flatMap((each) => (each.verdict === verdict ? [each.index] : [])),
        ),
      ),
    ],
    charts: [
      defineDurationsChart("performance.exchanges", "How long exchanges took", exchangesBySort(measured)),
      defineShares(
        "performance.rehearsals",
        "What rehearsals came to",
        groupBy(
          rehearsals,
          ({ verdict }) => verdict,
          ({ index }) => index,
        ),
      ),
    ],
    tables: [
      defineTable(
        { id: "performance", title: "What was measured", because: "Of each update; an empty cell was not measured, or its report is in the journal alone" },
        COLUMNS,
        measured,
        ({ measured: { exchange, watched: seen, rehearsal, tests } }) => indicesOf(exchange, seen, rehearsal, tests),
      ),
      defineTable({ id: "worse", title: "Found worse in service", because: "What was measured is in the words" }, WORSE_COLUMNS, worse, ({ index }) => [index]),
    ],
  };
}

const IN_SERVICE: ReadonlySet<string> = new Set(["trial", "check-after", "watch"]);

const isMeasured = ({ measured: { exchange, watched, rehearsal, tests } }: UpdateRecord) =>
  exchange !== null || watched !== null || rehearsal !== null || tests !== null;

function timeExchange({ measured: { exchange } }: UpdateRecord): Timed[] {
  return exchange === null ? [] : [{ ms: exchange.tookMs, entries: [exchange.index] }];
}

function exchangesBySort(measured: readonly UpdateRecord[]): Map<string, TimedGroup> {
  const groups = groupBy(measured, ({ sort }) => sort, timeExchange);
  return new Map([...groups].map(([sort, timed]) => [sort, groupTimed(timed.flat())]));
}

const COLUMNS: readonly Column<UpdateRecord>[] = [
  UPDATE,
  SORT,
  VERSION_FROM,
  VERSION_TO,
  { id: "exchangeMs", label: "Exchange", unit: "ms", cell: ({ measured }) => measured.exchange?.tookMs ?? null },
  { id: "requests", label: "Requests under watch", unit: "count", cell: ({ measured }) => measured.watched?.requests ?? null },
  { id: "failed", label: "Of those failed", unit: "count", cell: ({ measured }) => measured.watched?.failed ?? null },
  { id: "watchedMs", label: "Watched for", unit: "ms", cell: ({ measured }) => measured.watched?.ms ?? null },
  { id: "tests", label: "Tests", unit: "text", cell: ({ measured }) => measured.tests?.verdict ?? null },
  { id: "rehearsal", label: "Rehearsal", unit: "text", cell: ({ measured }) => measured.rehearsal?.verdict ?? null },
  { id: "rehearsalBecause", label: "The rehearsal, in words", unit: "text", cell: ({ measured }) => measured.rehearsal?.because ?? null },
  OUTCOME,
];

const WORSE_COLUMNS: readonly Column<UpdateRecord["failures"][number]>[] = [
  { id: "at", label: "When", unit: "time", cell: ({ atMs }) => new Date(atMs).toISOString() },
  { id: "stage", label: "Step", unit: "text", cell: ({ step }) => step },
  { id: "code", label: "Code", unit: "text", cell: ({ code }) => code },
  { id: "because", label: "Because", unit: "text", cell: ({ because }) => because },
];
