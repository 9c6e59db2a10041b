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
/** Without an old version to compare with, growth that began in the first hour is a start and no leak. */
const SETTLED_MS = 3_600_000;
/** Growth of the later half that is left of the earlier half's: what levels off does not leak. A leak leaves all, saturation with any constant less with time. */
const STILL_GROWING = 0.6;

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
  const isSettled = oldMost !== null || cells.length * cellMs >= SETTLED_MS;
  const isGrowing = judged.length >= FEWEST_CELLS && isSettled && z >= zLimit && grown > least && level > limit && isStillGrowing(judged);
  return { isGrowing, z, zLimit, grown, level, limit, cells: judged.length };
}

function isStillGrowing(judged: readonly number[]): boolean {
  const half = judged.length >> 1;
  const [earlier, later] = [measureTrend(judged.slice(0, half)).slope, measureTrend(judged.slice(-half)).slope];
  return later > 0 && later >= STILL_GROWING * earlier;
}
