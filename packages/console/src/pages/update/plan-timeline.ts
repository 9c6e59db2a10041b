import type { UpdateView } from "@instar/protocol";

interface TimelineRow {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly because: string;
  readonly afterMs: number;
  /** Null while it goes on. */
  readonly tookMs: number | null;
  /** Of the whole, 0 to 1. */
  readonly fromShare: number;
  readonly share: number;
}

/** Every step that began, in the order in which they did; by the wall clock, so that one that was set back shows nothing below zero. */
export function planTimeline({ startedAt, endedAt, steps }: Pick<UpdateView, "startedAt" | "endedAt" | "steps">): {
  readonly rows: readonly TimelineRow[];
  readonly spanMs: number;
} {
  const begunMs = Date.parse(startedAt);
  const begun = steps.flatMap((step) => (step.startedAt === null ? [] : [{ ...step, fromMs: Math.max(0, Date.parse(step.startedAt) - begunMs) }]));
  const ends = begun.map((step) => (step.endedAt === null ? step.fromMs : Math.max(step.fromMs, Date.parse(step.endedAt) - begunMs)));
  const spanMs = Math.max(1, ...ends, endedAt === null ? 0 : Date.parse(endedAt) - begunMs);
  return {
    spanMs,
    rows: begun
      .map((step, at): TimelineRow => {
        const endMs = step.endedAt === null ? spanMs : (ends[at] ?? spanMs);
        return {
          id: step.id,
          title: step.title,
          state: step.state,
          because: step.because,
          afterMs: step.fromMs,
          tookMs: step.endedAt === null ? null : endMs - step.fromMs,
          fromShare: Math.min(0.995, step.fromMs / spanMs),
          share: Math.max(0.005, (endMs - step.fromMs) / spanMs),
        };
      })
      .toSorted((a, b) => a.afterMs - b.afterMs),
  };
}
