/** A verdict, of a gate or of health. What was never measured is `nodata`, and no face may show it as a pass. */
export const VERDICTS = ["pass", "insufficient", "nodata", "inconclusive", "error", "fail"] as const;
export type Verdict = (typeof VERDICTS)[number];
