import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Clock } from "../platform/clock.ts";
import { createWatchdog } from "./watch-limits.ts";

const MIB = 1_048_576;

let scratch: string;
let started: ChildProcess | undefined;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), "instar-watch-limits-"));
});

afterEach(async () => {
  if (started?.pid !== undefined) process.kill(-started.pid, "SIGKILL");
  started = undefined;
  await rm(scratch, { recursive: true, force: true });
});

/** Its time passes only while somebody sleeps, and the first who does finds that something has happened meanwhile. */
function clockDuring(happens: () => Promise<void>): Clock {
  let nowMs = 0;
  let happened: Promise<void> | undefined;
  return {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: async (ms) => {
      happened ??= happens();
      await happened;
      nowMs += ms;
    },
  };
}

async function startShell(script: string): Promise<void> {
  started = spawn("/bin/sh", ["-c", script], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
  if (started.stdout) await once(started.stdout, "data");
}

function watch(clock: Clock, processes: number, over = new AbortController().signal): Promise<string | undefined> {
  const limits = { memoryBytes: 1_024 * 1_024 * MIB, processes, cpus: 2, diskBytes: MIB, descriptors: 64 };
  return createWatchdog({ limits, scratch, clock, cgroup: undefined })(process.pid, over);
}

test.runIf(process.platform === "linux")("many processes at once are noticed long before the next look is due", async () => {
  const clock = clockDuring(() => startShell('i=0; while [ "$i" -lt 150 ]; do sleep 60 & i=$((i+1)); done; echo all; wait'));
  expect(await watch(clock, 40)).toMatch(/^it had \d+ processes; sandbox\.limits\.processes allows 40$/);
  expect(clock.monotonicMs()).toBeLessThan(50);
});

test("a tree within its limits is watched until it is over", async () => {
  const over = new AbortController();
  const clock = clockDuring(async () => {});
  const watched = watch({ ...clock, sleep: (ms) => (clock.monotonicMs() > 1_000 ? Promise.resolve(over.abort()) : clock.sleep(ms)) }, 500, over.signal);
  expect(await watched).toBeUndefined();
  expect(clock.monotonicMs()).toBeGreaterThan(1_000);
});
