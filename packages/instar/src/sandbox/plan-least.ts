import type { SandboxAspect, SandboxUse } from "@instar/protocol";
import type { Settings } from "../settings/settings.ts";

/**
 * What must be enforced for each kind of job where instar.yaml names nothing else: what keeps foreign code from the agent's secrets and state,
 * from the network, and from taking the machine away from the agent. A filter of system calls, the processor's share, descriptors and
 * disk are held where they can be and are not insisted on: a machine without them is slower to bring down, not open.
 */
const LEAST: Readonly<Record<SandboxUse, readonly SandboxAspect[]>> = {
  install: ["files", "network", "memory", "processes", "time"],
  build: ["files", "network", "memory", "processes", "time"],
  check: ["files", "network", "memory", "processes", "time"],
  test: ["files", "network", "memory", "processes", "time"],
  rehearse: ["files", "network", "memory", "processes", "time"],
};

/** An empty list in instar.yaml means that nothing is insisted on. */
export function planLeast(use: SandboxUse, settings: Pick<Settings["sandbox"], "least">): readonly SandboxAspect[] {
  return settings.least[use] ?? LEAST[use];
}
