import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type LogFile, planLogCleanup } from "./plan-log-cleanup.ts";
import type { TaskInput } from "./task.ts";

/** Removes old logs of the instance's own folder: plain files directly in it, never through a link. Says what it did. */
export async function cleanLogs(
  folder: string,
  input: Extract<TaskInput, { type: "log-cleanup" }>,
  { nowMs, open, signal }: { readonly nowMs: number; readonly open: ReadonlySet<string>; readonly signal: AbortSignal },
): Promise<string> {
  const going = planLogCleanup(await readLogFiles(folder), input, { nowMs, open });
  for (const { name } of going) {
    signal.throwIfAborted();
    await rm(join(folder, name), { force: true });
  }
  const bytes = going.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return going.length === 0 ? "no log was old enough to go" : `${going.length} ${going.length === 1 ? "log" : "logs"} of ${bytes} bytes went`;
}

async function readLogFiles(folder: string): Promise<LogFile[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".log"));
  const found = await Promise.all(
    names.map(async (name) => {
      const stat = await lstat(join(folder, name)).catch(() => undefined);
      return stat?.isFile() ? [{ name, sizeBytes: stat.size, modifiedMs: stat.mtimeMs }] : [];
    }),
  );
  return found.flat();
}
