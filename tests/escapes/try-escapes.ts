import { existsSync } from "node:fs";
import { join } from "node:path";
import type { RunJob } from "../../packages/instar/src/platform/run-job.ts";
import { runEntered } from "../../packages/instar/src/sandbox/run-entered.ts";
import type { SandboxAdapter } from "../../packages/instar/src/sandbox/sandbox.ts";
import { type Attempt, PYTHON } from "./attempt.ts";
import { ATTEMPTS_ON_FILES } from "./attempts-on-files.ts";
import { ATTEMPTS_ON_KERNEL } from "./attempts-on-kernel.ts";
import { ATTEMPTS_ON_NETWORK } from "./attempts-on-network.ts";
import { ATTEMPTS_ON_PROCESSES } from "./attempts-on-processes.ts";
import { createEscapeWorld } from "./escape-world.ts";

export const ATTEMPTS: readonly { readonly on: string; readonly attempts: readonly Attempt[] }[] = [
  { on: "Files", attempts: ATTEMPTS_ON_FILES },
  { on: "Network", attempts: ATTEMPTS_ON_NETWORK },
  { on: "Processes", attempts: ATTEMPTS_ON_PROCESSES },
  { on: "Kernel", attempts: ATTEMPTS_ON_KERNEL },
];

export type Outcome = "stopped" | "escaped";

/** All attempts in one sandbox, one after the other: what came of each, by its name. Those that this machine cannot make are left out. */
export async function tryEscapes(adapter: SandboxAdapter, runJob: RunJob): Promise<Map<string, Outcome>> {
  const world = await createEscapeWorld();
  const seen = new Map<string, Outcome>();
  try {
    for (const attempt of ATTEMPTS.flatMap(({ attempts }) => attempts)) {
      if (attempt.needsPython && !existsSync(PYTHON)) continue;
      const job = {
        argv: await attempt.program(world),
        cwd: world.scratch,
        environment: world.environment,
        timeoutMs: 30_000,
        logPath: join(world.folder, "log"),
        title: attempt.name,
        confinement: world.confinement,
      };
      const result = await runEntered(adapter, job, runJob);
      seen.set(attempt.name, (await attempt.hasEscaped(world, result)) ? "escaped" : "stopped");
    }
  } finally {
    await world.close();
  }
  return seen;
}
