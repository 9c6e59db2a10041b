import { heard, type Reading, silent } from "./reading.ts";

/** A counter as it was read, and by which start of the process it was counted. */
export interface CounterReading {
  readonly run: string;
  readonly value: number;
}

/** What came since. A process that was started again counts from zero; one that goes on and counts backward is not believed. */
export function differCounter(before: CounterReading | null, now: CounterReading): Reading<number> | { readonly kind: "first" } {
  if (before === null) return { kind: "first" };
  if (before.run !== now.run) return heard(now.value);
  if (now.value < before.value) return silent(`it counts backward, from ${before.value} to ${now.value}, and its process was not started again`);
  return heard(now.value - before.value);
}
