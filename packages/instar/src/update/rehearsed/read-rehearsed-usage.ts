import { readFileSync } from "node:fs";
import { readTreeUsage } from "../../platform/read-tree-usage.ts";
import type { Usage } from "../../rehearsal/rehearsed-agent.ts";

/** USER_HZ, which is 100 on every Linux that Node runs on (proc(5)). */
const TICK_MS = 10;

/**
 * What a rehearsed agent and all that it started use, as the system outside counts it. Its sandbox and the warden before it are not the agent, and
 * are not counted: beside a small agent they would hide its growth. Undefined where the system does not tell.
 *
 * @param pid above all of its processes
 */
export async function readRehearsedUsage(pid: number): Promise<Usage | undefined> {
  const { pids } = await readTreeUsage(pid);
  const warden = pids.find((member) =>
    readProcess(member, "cmdline")
      .split("\0")
      .some((word) => word.endsWith("/warden.mjs")),
  );
  if (warden === undefined) return undefined;
  const whole = await readTreeUsage(warden);
  const own = whole.pids.filter((member) => member !== warden);
  const residentBytes = whole.residentBytes - (await readOwnBytes(warden));
  return { residentBytes: Math.max(0, residentBytes), cpuMs: own.reduce((sum, member) => sum + readCpuMs(member), 0) };
}

async function readOwnBytes(pid: number): Promise<number> {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readProcess(pid, "status"))?.[1] ?? 0) * 1_024;
}

/** Its own time, and that of its children which have ended: proc(5), fields 14 to 17. */
function readCpuMs(pid: number): number {
  const stat = readProcess(pid, "stat");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0) * TICK_MS;
}

function readProcess(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1");
  } catch {
    return ""; // Ended in between, or not Linux.
  }
}
