import { writeFile } from "node:fs/promises";

/** Less than what jobs yield: what is decided is waited for. */
const NICE = 5;

/**
 * Lets other sessions go first where the processor is short: the front, which every request passes, and the agent. Where Linux schedules
 * sessions as groups (sched(7), autogroup) this is the session's own, and what is started in a session of its own does not inherit it, as it
 * would a process's nice value. Elsewhere nothing happens.
 */
export async function yieldProcessor(): Promise<void> {
  if (process.platform === "linux") await writeFile("/proc/self/autogroup", String(NICE)).catch(() => undefined);
}
