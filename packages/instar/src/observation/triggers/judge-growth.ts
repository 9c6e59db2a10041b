import { measureTrend } from "../../statistics/measure-trend.ts";
import { normalQuantile } from "../../statistics/normal-quantile.ts";
import { medianOf } from "../../statistics/robust-spread.ts";
import type { Growth } from "../observation-state.ts";
import { ALARM_ALPHA } from "./false-alarm-budget.ts";

export interface GrowthFloor {
  /** More than this, and more than this part of the level where it began: less is nobody's leak. */
  readonly absolute: number;
  readonly relative: number;
}

/** Fewest means of which a trend says anything. */
const FEWEST_CELLS = 12;
/** What the window's looks are at most: 24 a doubling, from a minute to six days. */
const LOOKS = 24 * 14;
/** A start is no leak: for half an hour, and for an hour where no old version tells how much is usual. */
const SETTLED_MS = 1_800_000;
const SETTLED_ALONE_MS = 3_600_000;
/** What the later half grows, of the earlier half's growth. A leak keeps its pace; what levels off with a constant of half an hour or less never keeps so much. */
const STILL_GROWING = 0.8;

/**
 * Whether means rise and keep rising: judged is the later half of the watch, so that a start that levels off has passed. All of it must hold: a trend beyond
 * doubt (Mann-Kendall, its level shared among all looks), a growth that matters (Theil-Sen over the half), above all that the old version ever took, and
 * no slower at the end than before.
 */
export function judgeGrowth(cells: readonly number[], cellMs: number, oldMost: number | null, floor: GrowthFloor): Growth {
  const judged = cells.slice(-Math.max(FEWEST_CELLS, cells.length >> 1));
  const level = medianOf(judged.slice(-3)) ?? 0;
  const { z, slope } = measureTrend(judged);
  const grown = slope * Math.max(0, judged.length - 1);
  const start = medianOf(judged.slice(0, 3)) ?? 0;
  const least = Math.max(floor.absolute, floor.relative * start);
  const limit = oldMost === null ? start : oldMost + Math.max(floor.absolute, floor.relative * oldMost);
  const zLimit = normalQuantile(1 - ALARM_ALPHA.growth / LOOKS);
  const isSettled = cells.length * cellMs >= (oldMost === null ? SETTLED_ALONE_MS : SETTLED_MS);
  const isGrowing = judged.length >= FEWEST_CELLS && isSettled && z >= zLimit && grown > least && level > limit && isStillGrowing(judged);
  return { isGrowing, z, zLimit, grown, level, limit, cells: judged.length };
}

function isStillGrowing(judged: readonly number[]): boolean {
  const half = judged.length >> 1;
  const [earlier, later] = [measureTrend(judged.slice(0, half)).slope, measureTrend(judged.slice(-half)).slope];
  return later > 0 && later >= STILL_GROWING * earlier;
}
