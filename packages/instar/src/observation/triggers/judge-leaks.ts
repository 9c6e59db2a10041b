import type { ObservationPlan } from "../observation-plan.ts";
import type { Growth, ObservationState } from "../observation-state.ts";
import { renderBytes } from "./render-numbers.ts";

export interface Leak {
  readonly growth: Growth;
  readonly because: string;
}

/** Undefined where nothing was measured yet. */
export function judgeMemory({ memory: { growth } }: ObservationState, { baseline }: ObservationPlan): Leak | undefined {
  if (growth === null) return undefined;
  const { grown, level } = growth;
  return {
    growth,
    because: `its memory keeps growing: ${renderBytes(grown)} more, ${renderBytes(level)} now${renderOld(baseline.residentBytes, renderBytes)}`,
  };
}

export function judgeEventLoop({ eventLoop: { growth } }: ObservationState, { baseline }: ObservationPlan): Leak | undefined {
  if (growth === null) return undefined;
  const render = (delayMs: number) => `${Math.round(delayMs)} ms`;
  return { growth, because: `its event loop runs later and later: ${render(growth.level)} now${renderOld(baseline.eventLoopDelayMs, render)}` };
}

const renderOld = (most: number | null, render: (value: number) => string) => (most === null ? "" : `; the old version had at most ${render(most)}`);
