import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/** A path as instar.yaml names it: `~/` is the home of Instar's user, a relative one counts from the file's folder. */
export function resolveSettingsPath(path: string, folder: string): string {
  if (/^~[\\/]/.test(path)) return resolve(homedir(), path.slice(2));
  return isAbsolute(path) ? path : join(folder, path);
}
