import { join } from "node:path";
import type { KeeperSlotReport } from "../../keeper/keeper-control.ts";
import { heard, type Reading, silent } from "../../observation/gather/reading.ts";
import type { Command } from "../../settings/settings.ts";
import { runBesideAgent } from "../run-beside-agent.ts";
import type { StepRooms } from "../step-rooms.ts";

/** A running version that is asked something, as the keeper last told of it. */
export interface AskedSlot {
  readonly rooms: StepRooms;
  readonly release: string;
  readonly slot: () => KeeperSlotReport;
}

/** Runs a program of the operator's beside a running version: with what the agent gets and may reach, and no more. @returns the last of what it printed */
export async function runInSlot({ rooms, release, slot }: AskedSlot, command: Command, withinMs: number, title: string): Promise<Reading<string>> {
  const result = await runBesideAgent(rooms, { release, slot: slot(), command, withinMs, title, logPath: join(rooms.folder, "logs", "watch.log") });
  switch (result.kind) {
    case "exited":
      return result.status === 0 ? heard(result.tail) : silent(`its program exits ${result.status}`);
    case "timed-out":
      return silent(`its program did not end within ${Math.round(withinMs / 100) / 10} s`);
    case "not-started":
      return silent(`its program could not be run: ${result.because}`);
    default:
      return silent(`its program was ended: ${result.kind}`);
  }
}
