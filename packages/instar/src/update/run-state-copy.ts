import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import { planAgentEnvironment } from "../settings/plan-agent-environment.ts";
import { planCommand } from "../settings/plan-command.ts";
import { readEnvironmentFile } from "../settings/read-environment-file.ts";
import { environmentFileOf, slotOf } from "./exchange.ts";
import type { StepRooms } from "./step-rooms.ts";

export interface StateCopy {
  /** What runs: its own program makes the copy, in its own environment. It is the agent that knows how to be quiet. */
  readonly release: string;
  readonly version: string;
  /** A folder that is there and empty. */
  readonly to: string;
  readonly logPath: string;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/**
 * Has the serving agent make a quiet copy of its state, as state.copy says.
 *
 * @throws InstarError BACKUP_FAILED; the signal's reason
 */
export async function runStateCopy(rooms: StepRooms, { release, version, to, logPath, signal, say }: StateCopy): Promise<void> {
  const { settings, stateDirectory } = rooms;
  const { copy } = settings.state;
  if (copy === undefined) throw new InstarError("BACKUP_FAILED", "state.copy names no command");
  const report = await rooms.keeper.state();
  const name = slotOf(report, release);
  const port = name === undefined ? null : report.slots[name].port;
  const tree = rooms.releases.treePath(release);
  const file = environmentFileOf(rooms);
  const result = await rooms.runJob({
    argv: [
      ...(await rooms.slotPrefix(release, { writable: [to] })),
      ...planCommand(copy.run, { release: tree, copy: to, ...(stateDirectory === null ? {} : { state: stateDirectory }), ...(port === null ? {} : { port }) }),
    ],
    cwd: join(tree, settings.agent.directory),
    environment: planAgentEnvironment({
      settings,
      release: { id: release, version },
      inherited: rooms.inherited,
      ...(port === null ? {} : { port }),
      ...(stateDirectory === null ? {} : { stateDirectory }),
      ...(file === null ? {} : { environmentFile: await readEnvironmentFile(file) }),
    }),
    timeoutMs: copy.within,
    logPath,
    title: "copying the state by state.copy",
    signal,
    onLine: say,
  });
  signal.throwIfAborted();
  if (result.kind === "exited" && result.status === 0) return;
  throw new InstarError("BACKUP_FAILED", `state.copy did not make a copy: ${result.kind === "exited" ? `it exited with ${result.status}` : result.kind}`, {
    cause: new Error(result.tail),
    facts: { log: logPath },
    transient: true,
  });
}
