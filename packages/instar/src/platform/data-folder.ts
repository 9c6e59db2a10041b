import { homedir } from "node:os";
import { join } from "node:path";

/** Where instances keep what they must remember: the platform's own place for such things, outside everything an agent writes. */
export function planDataFolder(name: string, environment: Readonly<Record<string, string | undefined>>, platform: NodeJS.Platform = process.platform): string {
  if (environment.INSTAR_DATA !== undefined && environment.INSTAR_DATA !== "") return join(environment.INSTAR_DATA, name);
  if (platform === "win32") return join(environment.LOCALAPPDATA ?? join(homedir(), "AppData", "Local"), "instar", name);
  if (platform === "darwin") return join(homedir(), "Library", "Application Support", "instar", name);
  return join(environment.XDG_DATA_HOME ?? join(homedir(), ".local", "share"), "instar", name);
}
