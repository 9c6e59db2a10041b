import type { HealthReport } from "../observation/health-report.ts";
import { findListener } from "../platform/find-listener.ts";

/** A good answer counts only if it is the agent's own: another program may have taken the port first. */
export async function judgeAnswerer({ port, pid }: { readonly port: number | null; readonly pid: number | null }, health: HealthReport): Promise<HealthReport> {
  if (port === null || pid === null) return health;
  const listener = await findListener(port, pid);
  if (listener.kind !== "another") return health;
  return { verdict: "fail", because: `port ${port} is answered by process ${listener.pid}, which is not the agent's` };
}
