import type { ObservationPlan } from "../observation-plan.ts";
import type { ObservationState } from "../observation-state.ts";
import { type Growth, judgeGrowth } from "./judge-growth.ts";
import { renderBytes } from "./render-numbers.ts";

export interface Leak {
  readonly growth: Growth;
  readonly because: string;
}

const MEMORY_FLOOR = { absolute: 33_554_432, relative: 0.2 };
/** A request waits as long as the loop is late: below 20 ms nobody notices. */
const LOOP_FLOOR = { absolute: 20, relative: 0.5 };

export function judgeMemory({ memory }: ObservationState, { baseline }: ObservationPlan): Leak {
  const growth = judgeGrowth(memory, baseline.residentBytes, MEMORY_FLOOR);
  return {
    growth,
    because: `its memory keeps growing: ${renderBytes(growth.grown)} more, ${renderBytes(growth.level)} now${renderOld(baseline.residentBytes, renderBytes)}`,
  };
}

export function judgeEventLoop({ eventLoop }: ObservationState, { baseline }: ObservationPlan): Leak {
  const growth = judgeGrowth(eventLoop, baseline.eventLoopDelayMs, LOOP_FLOOR);
  const render = (delayMs: number) => `${Math.round(delayMs)} ms`;
  return { growth, because: `its event loop runs later and later: ${render(growth.level)} now${renderOld(baseline.eventLoopDelayMs, render)}` };
}

const renderOld = (most: number | null, render: (value: number) => string) => (most === null ? "" : `; the old version had at most ${render(most)}`);
