import { type BackupJob, InstarError, OPERATIONS, type Operation } from "@instar/protocol";
import { readDaemonDoor } from "../../daemon/read-daemon-door.ts";
import { systemClock } from "../../platform/clock.ts";
import { callDaemon } from "./connect.ts";
import { renderProgress } from "./render-backup.ts";

const POLL_MS = 250;

/**
 * Follows work on backups to its end. On a terminal its progress is one line that is written over again and again.
 *
 * @throws InstarError NOT_RUNNING, NOT_FOUND where the daemon was started anew meanwhile: such work leaves nothing, and is asked for again
 */
export async function followJob(folder: string, first: BackupJob, terminal: { write(text: string): void } | undefined): Promise<BackupJob> {
  let job = first;
  let shown = "";
  while (job.state === "running") {
    const line = renderProgress(job);
    if (line !== shown) terminal?.write(`\r\u001b[K${line}`);
    shown = line;
    await systemClock.sleep(POLL_MS);
    job = await ask(folder, job.id);
  }
  if (shown !== "") terminal?.write("\r\u001b[K");
  return job;
}

async function ask(folder: string, job: string): Promise<BackupJob> {
  const operation = (OPERATIONS as readonly Operation[]).find(({ name }) => name === "backup.progress");
  const door = await readDaemonDoor(folder);
  if (operation === undefined || door === undefined)
    throw new InstarError("NOT_RUNNING", "the daemon is away, and what it was at with it", {
      advice: "Nothing half was kept. It is started again by itself within seconds: ask again then.",
    });
  return (await callDaemon(door, operation, { job })) as BackupJob;
}
