import { dirname } from "node:path";
import type { Component } from "@instar/protocol";
import { readChangedSize } from "../backups/read-changed-size.ts";
import type { WholeSnapshot } from "../backups/snapshot-store.ts";
import { readFreeBytes } from "../platform/disk-space.ts";
import type { StepRooms } from "./step-rooms.ts";

interface RestoreRoom {
  /** To build it aside, and to keep what is there today, at most. */
  readonly needsBytes: number;
  /** On the fuller one of the disks of the state and of the data folder. */
  readonly freeBytes: number;
  /** In files of the state that were changed since. */
  readonly changedBytes: number;
}

export async function readRestoreRoom(rooms: StepRooms, backup: WholeSnapshot, components: readonly Component[]): Promise<RestoreRoom> {
  const { stateDirectory, folder } = rooms;
  const roots = backup.parts.filter(({ component }) => components.includes(component)).flatMap((part) => part.roots);
  const isData = components.includes("data") && stateDirectory !== null;
  const changedBytes = isData ? await readChangedSize(stateDirectory, backup.takenAtMs) : 0;
  const free = [await readFreeBytes(folder), ...(isData ? [await readFreeBytes(dirname(stateDirectory))] : [])];
  return { needsBytes: roots.reduce((sum, root) => sum + root.sizeBytes, 0) + changedBytes, freeBytes: Math.min(...free), changedBytes };
}
