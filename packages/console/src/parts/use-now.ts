import { useEffect, useState } from "react";
import { every, nowMs } from "../platform/clock.ts";

/** The time, again every so often: for what is shown relative to it. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(nowMs);
  useEffect(() => every(everyMs, () => setNow(nowMs())), [everyMs]);
  return now;
}
