// What a measured process says at its end, and its peak memory with it.
import { readFileSync } from "node:fs";

export function sayResult(result) {
  process.stdout.write(JSON.stringify({ ...result, peakMiB: readPeakMiB() }));
}

/** Of this program alone: the system's own count begins with the memory of whoever started it. */
function readPeakMiB() {
  try {
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1_024;
  } catch {
    return process.resourceUsage().maxRSS / 1_024;
  }
}
