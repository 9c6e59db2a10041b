import type { SnapshotInfo } from "../backups/snapshot-store.ts";
import type { StepRooms } from "./step-rooms.ts";

export type WholeBackup = Extract<SnapshotInfo, { state: "whole" }>;

/** By its whole id; undefined where there is none, or none that is whole. */
export async function findBackup({ snapshots }: Pick<StepRooms, "snapshots">, id: string): Promise<WholeBackup | undefined> {
  return (await snapshots.list()).find((info): info is WholeBackup => info.state === "whole" && info.id === id);
}
