// Preloaded into an agent that runs on Node (NODE_OPTIONS=--import …): four times a second, how late its event loop was, as one JSON line in the file
// that INSTAR_EVENT_LOOP_FILE names. It keeps no process alive, and where it cannot measure or write it is silent: it must never be what fails.
import { appendFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";

const EVERY_MS = 250;
const RESOLUTION_MS = 10;

try {
  const path = process.env.INSTAR_EVENT_LOOP_FILE;
  if (path && isMainThread) watchLoop(path);
} catch {
  // A runtime without these.
}

function watchLoop(path) {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  const timer = setInterval(() => {
    try {
      if (delays.count === 0) return;
      const line = { pid: process.pid, p99Ms: lateMs(delays.percentile(99)), maxMs: lateMs(delays.max), count: delays.count };
      delays.reset();
      appendFileSync(path, `${JSON.stringify(line)}\n`);
    } catch {
      // The disk is full, or the file is not to be written.
    }
  }, EVERY_MS);
  timer.unref();
}

/** What is measured is the time between two ticks, in nanoseconds: the interval that was asked for is no lateness. */
function lateMs(nanoseconds) {
  return Math.max(0, Math.round(nanoseconds / 1_000 - RESOLUTION_MS * 1_000) / 1_000);
}
