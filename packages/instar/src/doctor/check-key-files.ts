import { stat } from "node:fs/promises";
import { type Check, failed, passed } from "./check-data.ts";
import { isWithin } from "./is-within.ts";

export interface KeyFile {
  /** Which setting names it. */
  readonly setting: string;
  /** Absolute. */
  readonly path: string;
}

/**
 * Whether the files that say who may vouch for a version are there, and whether the agent or another user could write himself into them.
 * @param writable what the agent can write by its settings, absolute
 */
export function checkKeyFiles(files: readonly KeyFile[], writable: readonly string[]): Promise<Check[]> {
  return Promise.all(files.map((file) => checkKeyFile(file, writable)));
}

async function checkKeyFile({ setting, path }: KeyFile, writable: readonly string[]): Promise<Check> {
  const within = writable.find((folder) => isWithin(path, folder));
  if (within !== undefined)
    return failed(
      "source",
      setting,
      `${path} lies in ${within}, which the agent may write: it could vouch for itself`,
      "Move it to where the agent cannot write.",
    );
  const found = await stat(path).catch(() => undefined);
  if (found === undefined || !found.isFile())
    return failed("source", setting, `there is no file ${path}: nobody can vouch for a version`, `Check ${setting} in instar.yaml.`);
  if (process.platform !== "win32" && (found.mode & 0o022) !== 0)
    return failed("source", setting, `others than the owner of ${path} may write to it`, `chmod go-w ${path}`);
  return passed("source", setting, `${path} is there, and only its owner may write to it`);
}
