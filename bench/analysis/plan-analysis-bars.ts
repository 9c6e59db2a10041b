import { type Bar, bar } from "../bench-report.ts";

/** What the bars are about; null: it was not measured. */
export interface AnalysisFigures {
  /** dependency-cruiser's time without its cache divided by ours. */
  readonly timesFasterCold: number | null;
  readonly timesFasterWarm: number | null;
  readonly queryMs: number | null;
  readonly missingOfDependencyCruiser: number | null;
  readonly missingOfMadge: number | null;
}

/** What the analysis asks of itself. Never measured is never a pass. */
export function planAnalysisBars(figures: AnalysisFigures | undefined): Bar[] {
  return [
    bar("dependency-cruiser's time / Instar's, both cold", ">= 6", figures?.timesFasterCold ?? null),
    bar("dependency-cruiser's time, cold / Instar's, warm", ">= 12", figures?.timesFasterWarm ?? null),
    bar("what a change reaches, 99th percentile, ms", "<= 5", figures?.queryMs ?? null),
    bar("edges that dependency-cruiser finds and Instar lacks", "== 0", figures?.missingOfDependencyCruiser ?? null),
    bar("edges that madge finds and Instar lacks", "== 0", figures?.missingOfMadge ?? null),
  ];
}
