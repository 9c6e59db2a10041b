import { join } from "node:path";
import type { KeeperSlotReport } from "../keeper/keeper-control.ts";
import type { JobResult } from "../platform/run-job.ts";
import { planCommand } from "../settings/plan-command.ts";
import type { Command } from "../settings/settings.ts";
import { readSlotEnvironment, runAsAgent } from "./exchange.ts";
import type { StepRooms } from "./step-rooms.ts";

/** A program of the operator's that asks a running version something. */
export interface BesideAgent {
  readonly release: string;
  readonly slot: KeeperSlotReport;
  readonly command: Command;
  readonly withinMs: number;
  readonly title: string;
  readonly logPath: string;
}

/** Runs a program of the operator's beside a running version: with what the agent gets and may reach, and no more. */
export async function runBesideAgent(rooms: StepRooms, { release, slot, command, withinMs, title, logPath }: BesideAgent): Promise<JobResult> {
  const tree = rooms.releases.treePath(release);
  return runAsAgent(
    rooms,
    release,
  )({
    argv: planCommand(command, {
      release: tree,
      ...(slot.port === null ? {} : { port: slot.port }),
      ...(rooms.stateDirectory === null ? {} : { state: rooms.stateDirectory }),
    }),
    cwd: join(tree, rooms.settings.agent.directory),
    environment: await readSlotEnvironment(rooms, slot),
    timeoutMs: withinMs,
    logPath,
    title,
  });
}
