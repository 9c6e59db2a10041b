import { randomBytes } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** Where a job's launcher, or the sandbox's tool, leaves word that the program was started. */
export interface LaunchStatus {
  readonly path: string;
  /** Whether `word` was left. */
  says(word: string): Promise<boolean>;
  remove(): Promise<void>;
}

/** A name in a private folder; the launcher makes the file. A crash leaves a few bytes there, which `sweepLaunches` takes. */
export function openLaunchStatus(folder: string): LaunchStatus {
  const path = join(folder, `launch-${process.pid}-${randomBytes(8).toString("hex")}`);
  return {
    path,
    says: async (word) => (await readFile(path, "utf8").catch(() => "")).includes(word),
    remove: async () => rm(path, { force: true }),
  };
}

/** Removes what a daemon that was killed left of its launches and trials. Only one daemon uses the folder, so what another process named is nobody's. */
export async function sweepLaunches(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = /^(?:launch|trial)-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && Number(pid) !== process.pid) await rm(join(folder, name), { recursive: true, force: true });
  }
}
