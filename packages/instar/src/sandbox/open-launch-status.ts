import { randomBytes } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** Where a job's launcher, or the sandbox's tool, leaves word that the program was started. */
export interface LaunchStatus {
  readonly path: string;
  /** Whether `word` was left. */
  says(word: string): Promise<boolean>;
  remove(): Promise<void>;
}

/** A name in a private folder; the launcher makes the file. A crash leaves a few bytes there, which the next daemon's sweep of the folder takes. */
export function openLaunchStatus(folder: string): LaunchStatus {
  const path = join(folder, `launch-${randomBytes(8).toString("hex")}`);
  return {
    path,
    says: async (word) => (await readFile(path, "utf8").catch(() => "")).includes(word),
    remove: async () => rm(path, { force: true }),
  };
}
