import { basename, join } from "node:path";
import { InstarError } from "@instar/protocol";
import { decideHealthChecks } from "../observation/checks/decide-health-checks.ts";
import type { TaskOutcome } from "../schedule/decide-task-end.ts";
import type { TaskTools } from "../schedule/run-task.ts";
import type { TaskOwner } from "../schedule/task.ts";
import { readEnvironmentFile } from "../settings/read-environment-file.ts";
import { environmentFileOf, slotOf } from "../update/exchange.ts";
import { checkHealth } from "../update/health/check-health.ts";
import { findServing } from "./find-serving.ts";
import type { Instance } from "./instance.ts";
import type { Lookout } from "./lookout.ts";

/** What tasks of this instance act with. */
export function planTaskTools(instance: Instance, lookout: Pick<Lookout, "look">): TaskTools {
  const { rooms, settings, folder } = instance;
  return {
    clock: rooms.clock,
    logsFolder: join(folder, "logs"),
    hosts: settings.tasks.hosts,
    lookForUpdates: (source, owner, signal) => lookForUpdates(instance, lookout, { source, owner }, signal),
    checkHealth: () => checkServing(instance),
    readSecret: async (name) => {
      const path = environmentFileOf(rooms);
      return path === null ? undefined : (await readEnvironmentFile(path))[name];
    },
    findAgent: () => findAgent(instance),
    openLogs: async () => {
      const { slots } = await rooms.keeper.state();
      const agents = Object.values(slots).flatMap(({ logPath }) => (logPath === null ? [] : [basename(logPath)]));
      return new Set(["daemon.log", "keeper.log", ...agents]);
    },
  };
}

async function lookForUpdates(
  { sources }: Pick<Instance, "sources">,
  lookout: Pick<Lookout, "look">,
  { source, owner }: { source: string | null; owner: TaskOwner },
  signal: AbortSignal,
): Promise<string> {
  const only = sources.find(({ id }) => id === source)?.id;
  if (source !== null && only === undefined) throw new InstarError("NOT_FOUND", `${source} is no source of this instance any more`);
  const looked = await lookout.look(
    // What an agent's task begins, the agent began: it may not have the say over it later.
    { reason: "schedule", ...(owner.type === "agent" ? { actor: owner } : {}), ...(only === undefined ? {} : { source: only }) },
    signal,
  );
  return looked.map(({ source: asked, because }) => `${asked}: ${because}`).join("; ");
}

async function checkServing(instance: Instance): Promise<TaskOutcome> {
  const report = await instance.rooms.keeper.state().catch(() => undefined);
  const release = findServing(instance)?.release ?? null;
  const subject = { report, release, releaseBefore: null, copies: null, predicted: null, scratch: `${instance.folder}/asked/task` };
  const { because, refusedBecause } = decideHealthChecks(await checkHealth(instance.rooms, "after", subject, join(instance.folder, "logs", "health.log")));
  return { kind: refusedBecause === null ? "done" : "failed", because };
}

/** Past the front, which may hold requests; only the version that serves is told. */
async function findAgent(instance: Instance): Promise<string | null> {
  const report = await instance.rooms.keeper.state();
  const slot = slotOf(report, findServing(instance)?.release ?? null);
  const port = slot === undefined || !report.slots[slot].alive ? null : report.slots[slot].port;
  return port === null ? null : `http://127.0.0.1:${port}`;
}
