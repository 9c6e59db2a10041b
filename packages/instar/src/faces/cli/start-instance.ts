import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { type DaemonDoor, readDaemonDoor } from "../../daemon/read-daemon-door.ts";
import { KeeperClient } from "../../keeper/keeper-client.ts";
import type { Clock } from "../../platform/clock.ts";
import { makePrivateFolder, readJsonFile } from "../../platform/durable-files.ts";
import { isPortFree } from "../../platform/is-port-free.ts";
import { isSameProcess, type ProcessIdentity } from "../../platform/process-identity.ts";
import { spawnDetached } from "../../platform/spawn-detached.ts";
import type { ReadSettings } from "../../settings/read-settings.ts";

export interface Starting {
  readonly read: ReadSettings;
  readonly folder: string;
  /** Program and arguments that become a keeper. */
  readonly keeperArgv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

/** How long keeper and daemon may take to answer. A slow disk, not a slow agent: the agent is not waited for. */
const START_WITHIN_MS = 30_000;

/**
 * Starts a keeper that lives on after this process, and waits until its daemon answers.
 * @throws InstarError ALREADY_RUNNING, PORT_IN_USE, TIMED_OUT with the keeper's last words
 */
export async function startInstance({ read, folder, keeperArgv, environment, clock }: Starting): Promise<DaemonDoor> {
  const { settings } = read;
  await makePrivateFolder(join(folder, "logs"));
  const running = await readKeeper(folder);
  if (running !== undefined)
    throw new InstarError("ALREADY_RUNNING", `Instar runs for ${settings.name} already (pid ${running.pid})`, {
      facts: { pid: running.pid, folder },
      advice: "`instar status` shows it; `instar down` ends it.",
    });
  await assertPortFree(read);
  const log = join(folder, "logs", "keeper.log");
  const keeper = await spawnDetached({ argv: keeperArgv, cwd: read.folder, environment, stdoutPath: log, stderrPath: log, beforeGo: async () => undefined });
  const untilMs = clock.monotonicMs() + START_WITHIN_MS;
  while (clock.monotonicMs() < untilMs) {
    const door = await readDaemonDoor(folder);
    if (door !== undefined && (await readKeeper(folder)) !== undefined) return door;
    if (!(await isSameProcess(keeper))) break;
    await clock.sleep(50);
  }
  throw new InstarError("TIMED_OUT", "keeper and daemon did not come up", {
    facts: { log },
    advice: `Their words are in ${log} and ${join(folder, "logs", "daemon.log")}.`,
  });
}

async function assertPortFree({ settings, path }: ReadSettings): Promise<void> {
  if (settings.front === undefined || (await isPortFree(settings.front.port, settings.front.host))) return;
  throw new InstarError("PORT_IN_USE", `port ${settings.front.port} on ${settings.front.host} is in use by another program`, {
    facts: { port: settings.front.port },
    advice: `End that program, or change front.port in ${path}.`,
  });
}

/** Ends keeper and daemon, and the agent unless it is to stay; returns once they are gone. */
export async function stopInstance(folder: string, keepAgent: boolean, clock: Clock): Promise<boolean> {
  const keeper = await readKeeper(folder);
  if (keeper === undefined) return false;
  await new KeeperClient(folder).command({ do: "end", keepAgent });
  for (let look = 0; look < 600 && (await isSameProcess(keeper)); look += 1) await clock.sleep(100);
  return true;
}

async function readKeeper(folder: string): Promise<ProcessIdentity | undefined> {
  const door = (await readJsonFile(join(folder, "keeper", "control.json"))) as ProcessIdentity | undefined;
  return door !== undefined && (await isSameProcess(door)) ? door : undefined;
}
