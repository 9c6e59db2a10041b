import { readFileSync } from "node:fs";
import type { Clock } from "../platform/clock.ts";
import { readProcessTree } from "../platform/end-process-tree.ts";
import { describeJobContainment } from "../platform/job-containment.ts";
import { readFolderSize, readUnlinkedBytes } from "../platform/read-folder-size.ts";
import { readProportionalBytes, readTreeUsage, type TreeUsage } from "../platform/read-tree-usage.ts";
import type { Cgroup } from "./cgroup.ts";
import type { JobLimits } from "./sandbox.ts";
import { sayBytes } from "./say-bytes.ts";

/** A look costs a millisecond or two; a program that fills memory as fast as it can gets some hundred MiB further between two. */
const LOOK_MS = 100;
/** A fork bomb doubles within a millisecond or two. How many threads the machine has is one small file, so that is asked more often. */
const GLANCE_MS = 10;
const SCRATCH_MS = 500;
/** Walking a large scratch folder again and again would be the larger load: nine tenths of the time nobody walks. */
const WALK_SHARE = 10;

/**
 * Looks at a job until it exceeds a limit (said in words) or the signal aborts. With a cgroup it asks the kernel what it did;
 * without one it adds up the tree. Looks a last time after the abort, since a job can exceed a limit and end between two looks.
 */
export function createWatchdog(job: {
  readonly limits: JobLimits;
  readonly scratch: string;
  readonly clock: Clock;
  readonly cgroup: Cgroup | undefined;
}): (pid: number, over: AbortSignal) => Promise<string | undefined> {
  const { limits, scratch, clock, cgroup } = job;
  const lookAtProcesses = async (pid: number) => (cgroup === undefined ? lookAtTree(pid, limits) : lookAtCgroup(cgroup, limits));
  return async (pid, over) => {
    let walkAtMs = clock.monotonicMs() + SCRATCH_MS;
    while (!over.aborted) {
      const found = await lookAtProcesses(pid);
      if (found !== undefined) return found;
      const nowMs = clock.monotonicMs();
      if (nowMs >= walkAtMs) {
        const full = await lookAtScratch(scratch, limits, pid);
        if (full !== undefined) return full;
        walkAtMs = clock.monotonicMs() + Math.max(SCRATCH_MS, WALK_SHARE * (clock.monotonicMs() - nowMs));
      }
      await (cgroup === undefined ? untilManyMore(limits.processes, clock, over) : clock.sleep(LOOK_MS, over).catch(() => {}));
    }
    return (cgroup === undefined ? undefined : await lookAtCgroup(cgroup, limits)) ?? (await lookAtScratch(scratch, limits));
  };
}

/** Waits for the next look, which comes early when the machine has got as many more threads as the job may have processes. */
async function untilManyMore(processes: number, clock: Clock, over: AbortSignal): Promise<void> {
  const before = readMachineThreads();
  for (let passedMs = 0; passedMs < LOOK_MS && !over.aborted; passedMs += GLANCE_MS) {
    await clock.sleep(GLANCE_MS, over).catch(() => {});
    if (readMachineThreads() - before > processes) return;
  }
}

/** proc(5), loadavg: the fourth field is the runnable and, after the slash, all threads. 0 where there is no such file. */
function readMachineThreads(): number {
  try {
    return Number(/\/(\d+)/.exec(readFileSync("/proc/loadavg", "latin1"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

async function lookAtCgroup(cgroup: Cgroup, limits: JobLimits): Promise<string | undefined> {
  const { processes, memoryKills, refusedForks } = await cgroup.look();
  if (memoryKills > 0) return sayMemory(`more than ${sayBytes(limits.memoryBytes)}`, limits);
  if (refusedForks > 0) return sayProcesses("more", limits);
  return processes > limits.processes ? sayProcesses(String(processes), limits) : undefined;
}

async function lookAtTree(pid: number, limits: JobLimits): Promise<string | undefined> {
  const tree = await readWholeTree(pid);
  if (tree.pids.length > limits.processes) return sayProcesses(String(tree.pids.length), limits);
  if (tree.residentBytes <= limits.memoryBytes) return undefined;
  // What processes share was counted for each of them. Counted exactly, it may still be within the limit.
  const bytes = process.platform === "linux" ? readProportionalBytes(tree.pids) : tree.residentBytes;
  return bytes > limits.memoryBytes ? sayMemory(sayBytes(bytes), limits) : undefined;
}

/** Where no namespace holds the tree together, what left it by a double fork is found by the job's marker in its environment. */
async function readWholeTree(pid: number): Promise<TreeUsage> {
  if ((await describeJobContainment()).treeEnds !== "marker") return readTreeUsage(pid);
  const value = /(?:^|\0)INSTAR_JOB=([^\0]+)/.exec(readEnvironment(pid))?.[1];
  if (value === undefined) return readTreeUsage(pid);
  const members = await readProcessTree({ pid, marker: { name: "INSTAR_JOB", value } });
  return readTreeUsage(
    pid,
    members.map((row) => row.pid),
  );
}

function readEnvironment(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch {
    return "";
  }
}

async function lookAtScratch(scratch: string, limits: JobLimits, pid?: number): Promise<string | undefined> {
  const named = await readFolderSize(scratch, limits.diskBytes);
  const unnamed = pid === undefined ? 0 : readUnlinkedBytes((await readWholeTree(pid)).pids, scratch);
  return named + unnamed > limits.diskBytes
    ? `it wrote more than ${sayBytes(limits.diskBytes)} to its scratch folder, all that sandbox.limits.disk allows`
    : undefined;
}

function sayMemory(used: string, limits: JobLimits): string {
  return `it used ${used} of memory; sandbox.limits.memory allows ${sayBytes(limits.memoryBytes)}`;
}

function sayProcesses(had: string, limits: JobLimits): string {
  return `it had ${had === "more" ? "too many" : had} processes; sandbox.limits.processes allows ${limits.processes}`;
}
