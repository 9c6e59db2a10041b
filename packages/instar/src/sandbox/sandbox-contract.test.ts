import { existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeSandboxContract, type SandboxWorld } from "@instar/testkit";
import { afterAll, describe, it } from "vitest";
import { runEntered } from "./run-entered.ts";
import type { SandboxAdapter } from "./sandbox.ts";
import { createSandboxes, type SandboxesForTests } from "./sandboxes.testing.ts";

/** The same adapters for all cases, as in a daemon: each is tried once. With cgroups where this machine lets us, and without. */
const withCgroups = await createSandboxes({});
const withWatchdog = await createSandboxes({ mayUseCgroups: false });
afterAll(async () => {
  await withCgroups.close();
  await withWatchdog.close();
});

for (const [how, sandboxes] of [
  ["", withCgroups],
  [", limits by a watchdog", withWatchdog],
] as const)
  for (const adapter of sandboxes.adapters) describeSandboxContract(`${adapter.name}${how}`, () => openWorld(adapter, sandboxes), { describe, it });

async function openWorld(adapter: SandboxAdapter, sandboxes: SandboxesForTests): Promise<SandboxWorld> {
  const folder = await mkdtemp(join(tmpdir(), "instar-contract-"));
  const gone = sandboxes.withoutTool(adapter.name, join(folder, "no-such-tool"));
  return {
    adapter,
    folder,
    run: async (job) => runEntered(adapter, job, sandboxes.runJob),
    ...(gone === undefined ? {} : { withoutTool: async (job) => runEntered(gone, job, sandboxes.runJob) }),
    look: async () => ({ own: readdirSync(sandboxes.folder).sort(), cgroups: await sandboxes.listCgroups(), folder: existsSync(folder) }),
    close: async () => rm(folder, { recursive: true }),
  };
}
