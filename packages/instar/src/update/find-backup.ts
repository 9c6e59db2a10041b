import type { WholeSnapshot } from "../backups/snapshot-store.ts";
import type { StepRooms } from "./step-rooms.ts";

/** By its whole id; undefined where there is none, or none that is whole. */
export async function findBackup({ snapshots }: Pick<StepRooms, "snapshots">, id: string): Promise<WholeSnapshot | undefined> {
  return (await snapshots.list()).find((info): info is WholeSnapshot => info.state === "whole" && info.id === id);
}
