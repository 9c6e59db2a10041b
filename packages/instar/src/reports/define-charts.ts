import type { ReportChart } from "@instar/protocol";
import { sortIndices, type Timed } from "./define-figures.ts";
import type { Period } from "./fold-updates.ts";
import { planBuckets } from "./plan-buckets.ts";
import { summariseNumbers } from "./summarise-numbers.ts";
import type { Moment } from "./update-record.ts";

/** Something that happened, of one of the series. */
export interface Happening extends Moment {
  readonly series: string;
}

/** How much happened per day, or what else the period is cut into; stacked by series, of which only those that occur are named. */
export function defineBars(id: string, title: string, happenings: readonly Happening[], order: readonly string[], period: Period): ReportChart {
  const { per, labels, indexOf } = planBuckets(period);
  const series = order.filter((name) => happenings.some((each) => each.series === name));
  const bars = labels.map((label) => ({ label, values: series.map(() => 0), entries: [] as number[] }));
  for (const { index, atMs, series: name } of happenings) {
    const bar = bars[indexOf(atMs)];
    const place = series.indexOf(name);
    if (bar === undefined || place === -1) continue;
    bar.values[place] = (bar.values[place] ?? 0) + 1;
    bar.entries.push(index);
  }
  return { kind: "bars", id, title: `${title} per ${per}`, per, series, bars };
}

/** What a whole is made of, in the given order or the most first. */
export function defineShares(id: string, title: string, groups: ReadonlyMap<string, number[]>, order?: readonly string[]): ReportChart {
  const parts = [...groups].map(([label, entries]) => ({ label, value: entries.length, entries: sortIndices(entries) }));
  const sorted =
    order === undefined
      ? parts.toSorted((a, b) => b.value - a.value || (a.label < b.label ? -1 : 1))
      : order.flatMap((label) => parts.find((part) => part.label === label) ?? []);
  return { kind: "shares", id, title, parts: sorted };
}

/** Times of one group and the entries that say so, side by side: of a long ledger there are too many for an object each. */
export interface TimedGroup {
  readonly times: readonly number[];
  readonly entries: number[];
}

export const groupTimed = (timed: readonly Timed[]): TimedGroup => ({ times: timed.map(({ ms }) => ms), entries: timed.flatMap(({ entries }) => entries) });

/** A line per group that has any, in the order in which they come. */
export function defineDurationsChart(id: string, title: string, groups: ReadonlyMap<string, TimedGroup>): ReportChart {
  const rows = [...groups].flatMap(([label, { times, entries }]) => {
    const summary = summariseNumbers(times);
    if (summary === undefined) return [];
    const { n, median, p90, longest } = summary;
    const rounded = { medianMs: Math.round(median), p90Ms: Math.round(p90), longestMs: Math.round(longest) };
    return [{ label, n, ...rounded, entries: sortIndices(entries) }];
  });
  return { kind: "durations", id, title, rows };
}

/** Things by a word of theirs, in the order of the first of each. */
export function groupBy<Thing, Value>(things: readonly Thing[], keyOf: (thing: Thing) => string, read: (thing: Thing) => Value): Map<string, Value[]> {
  const groups = new Map<string, Value[]>();
  for (const thing of things) {
    const key = keyOf(thing);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [read(thing)]);
    else group.push(read(thing));
  }
  return groups;
}
