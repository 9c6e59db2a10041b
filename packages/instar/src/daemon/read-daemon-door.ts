import { join } from "node:path";
import { readJsonFile } from "../platform/durable-files.ts";
import { isSameProcess } from "../platform/process-identity.ts";

/** Where a living daemon listens, and what it wants to be shown. */
export interface DaemonDoor {
  readonly pid: number;
  readonly startedAt: string;
  readonly port: number;
  readonly token: string;
}

/** The daemon's door, if a daemon lives behind it. */
export async function readDaemonDoor(folder: string): Promise<DaemonDoor | undefined> {
  const door = (await readJsonFile(join(folder, "daemon.json"))) as DaemonDoor | undefined;
  return door !== undefined && (await isSameProcess(door)) ? door : undefined;
}

/** The port that a daemon of this folder had last, living or not; null where none ever ran. */
export async function readLastPort(folder: string): Promise<number | null> {
  const door = (await readJsonFile(join(folder, "daemon.json")).catch(() => undefined)) as Partial<DaemonDoor> | undefined;
  const port = door?.port ?? 0;
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null;
}
