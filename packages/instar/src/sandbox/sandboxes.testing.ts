import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SandboxName } from "@instar/protocol";
import { systemClock as clock } from "../platform/clock.ts";
import { createJobRunner, type RunJob } from "../platform/run-job.ts";
import { createBubblewrap } from "./bubblewrap.ts";
import { createLimits } from "./hold-limits.ts";
import { createNoSandbox } from "./no-sandbox.ts";
import type { SandboxAdapter } from "./sandbox.ts";
import { createSandboxRuntime } from "./sandbox-runtime.ts";

export interface SandboxesForTests {
  /** Those that work on this machine. */
  readonly adapters: readonly SandboxAdapter[];
  readonly runJob: RunJob;
  /** Instar's own folder, where adapters keep what they need. */
  readonly folder: string;
  /** An adapter whose tool is gone; undefined for one that has no tool. */
  readonly withoutTool: (name: SandboxName, path: string) => SandboxAdapter | undefined;
  /** Undefined where none can be made here. */
  readonly listCgroups: () => Promise<string[] | undefined>;
  readonly close: () => Promise<void>;
}

/** Every adapter that works here, put together as the daemon does it. A new adapter is added to the list here. */
export async function createSandboxes({ mayUseCgroups = true }: { mayUseCgroups?: boolean }): Promise<SandboxesForTests> {
  const instanceId = `test-${randomUUID()}`;
  const folder = await mkdtemp(join(tmpdir(), "instar-sandboxes-"));
  const runJob = createJobRunner({ clock, instanceId });
  const limits = createLimits({ clock, instanceId, mayUseCgroups });
  const options = { limits, runJob, folder };
  const all = [createNoSandbox(options), createBubblewrap({ ...options, hidden: [] }), createSandboxRuntime({ ...options, hidden: [] })];
  const reports = await Promise.all(all.map(async (adapter) => adapter.describe()));
  return {
    adapters: all.filter((_, at) => reports[at]?.available),
    runJob,
    folder,
    withoutTool: (name, path) => {
      if (name === "bubblewrap") return createBubblewrap({ ...options, hidden: [], tool: path });
      return name === "sandbox-runtime" ? createSandboxRuntime({ ...options, hidden: [], tool: path }) : undefined;
    },
    listCgroups: async () => {
      const { cgroups } = await limits();
      if (cgroups.kind === "none") return undefined;
      return [...new Set(Object.values(cgroups.place.folders))].flatMap((parent) =>
        readdirSync(parent).filter((name) => name.startsWith(`instar-${instanceId}`)),
      );
    },
    close: async () => rm(folder, { recursive: true }),
  };
}
