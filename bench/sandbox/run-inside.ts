import type { ConfinedJob, RunConfined } from "../../packages/instar/src/sandbox/sandbox.ts";
import { nowMs } from "../bench-clock.ts";
import type { Started } from "./sandbox-samples.ts";

/** Runs a job as the daemon does: its end is told when nothing of it is left. @throws Error where it fails */
export async function runInside(run: RunConfined, job: ConfinedJob): Promise<Started> {
  const begunMs = nowMs();
  let firstOutputMs: number | undefined;
  const result = await run({
    ...job,
    onLine: () => {
      firstOutputMs ??= nowMs() - begunMs;
    },
  });
  const endMs = nowMs() - begunMs;
  if (result.kind !== "exited" || result.status !== 0)
    throw new Error(`${job.argv.join(" ").slice(0, 200)} in ${result.confinedBy.sandbox}: ${result.kind}, ${result.exceeded ?? ""} ${result.tail.slice(-600)}`);
  return { firstOutputMs: firstOutputMs ?? endMs, endMs };
}
