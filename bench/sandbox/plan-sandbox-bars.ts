import { type Bar, bar } from "../bench-report.ts";

/** What the bars are about; null: it was not measured. */
export interface SandboxFigures {
  /** Of Node in bubblewrap, from asking for it to its first output; the median. */
  readonly startMs: number | null;
  /** A suite's time in bubblewrap divided by its time bare; the median of neighbours in time. */
  readonly ownSuiteRatio: number | null;
  readonly realSuiteRatio: number | null;
}

/** What the sandbox asks of itself. Never measured is never a pass. */
export function planSandboxBars(figures: SandboxFigures | undefined): Bar[] {
  return [
    bar("Node's first output in bubblewrap, ms", "<= 80", figures?.startMs ?? null),
    bar("a suite's time in bubblewrap / bare", "<= 1.5", figures?.ownSuiteRatio ?? null),
    bar("a real suite's time in bubblewrap / bare", "<= 1.5", figures?.realSuiteRatio ?? null),
  ];
}
