import { readProcessRow } from "./process-table.ts";

/** A process, told from any later one with the same number. Plain data: it is journalled and read back after a crash. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque. Linux: boot id and start tick; elsewhere the start time as the platform words it. Survives exec. */
  readonly startedAt: string;
}

/** Who has this pid now; undefined when nobody has, and for a zombie, which only waits to be counted. */
export async function readProcessIdentity(pid: number): Promise<ProcessIdentity | undefined> {
  const row = await readProcessRow(pid);
  return row === undefined ? undefined : { pid: row.pid, startedAt: row.startedAt };
}

/** True while exactly this process lives; false once it ended, whoever has its number now. */
export async function isSameProcess(identity: ProcessIdentity): Promise<boolean> {
  return (await readProcessIdentity(identity.pid))?.startedAt === identity.startedAt;
}
