import type { ReportFigure } from "@instar/protocol";
import { INTERVAL_LEVEL, type NumberSummary, summariseNumbers, wilsonInterval } from "./summarise-numbers.ts";
import type { Moment } from "./update-record.ts";

type Said = Pick<ReportFigure, "id" | "label" | "because">;
const NO_COUNT = { interval: null, countsEntries: false } as const;

/** Indices without repetitions, ascending. What is so already is not copied: a long ledger's report names each index several times. */
export function sortIndices(indices: number[]): number[] {
  return isAscending(indices) ? indices : [...new Set(indices)].sort((a, b) => a - b);
}

const isAscending = (indices: readonly number[]) => indices.every((index, place) => place === 0 || index > (indices[place - 1] ?? 0));

export const indicesOf = (...moments: readonly (Moment | null | undefined)[]): number[] => moments.flatMap((moment) => moment?.index ?? []);

/** How many there are: each is one entry. */
export function defineCount(said: Said, indices: number[]): ReportFigure {
  const entries = sortIndices(indices);
  return { ...said, value: entries.length, unit: "count", n: entries.length, interval: null, countsEntries: true, entries };
}

/** A sum of what entries carry, requests for one. */
export function defineSum(said: Said, value: number, entries: number[]): ReportFigure {
  return { ...said, value, unit: "count", n: value, ...NO_COUNT, entries: sortIndices(entries) };
}

/** A share of trials with its interval; null where nothing was tried. */
export function defineShare(said: Said, count: number, trials: number, entries: number[]): ReportFigure {
  const interval = trials === 0 ? null : { ...wilsonInterval(count, trials), level: INTERVAL_LEVEL };
  return { ...said, value: trials === 0 ? null : count / trials, unit: "share", n: trials, interval, countsEntries: false, entries: sortIndices(entries) };
}

/** One thing that was timed, ms, and the entries that say so. */
export interface Timed {
  readonly ms: number;
  readonly entries: number[];
}

const WORDS = { mean: "mean", median: "median", p90: "90th percentile", longest: "longest" } as const;

/** The same measurements summed up in several ways. */
export function defineDurations(said: Said, timed: readonly Timed[], ways: readonly (keyof typeof WORDS & keyof NumberSummary)[]): ReportFigure[] {
  const summary = summariseNumbers(timed.map(({ ms }) => ms));
  const entries = sortIndices(timed.flatMap((each) => each.entries));
  return ways.map((way) => ({
    id: `${said.id}.${way}`,
    label: `${said.label}, ${WORDS[way]}`,
    value: summary === undefined ? null : Math.round(summary[way]),
    unit: "ms",
    n: timed.length,
    ...NO_COUNT,
    because: summary === undefined ? `Nothing was measured. ${said.because}` : said.because,
    entries,
  }));
}
