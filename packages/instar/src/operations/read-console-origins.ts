import type { Instance } from "../daemon/instance.ts";
import { readDaemonDoor } from "../daemon/read-daemon-door.ts";

/**
 * Where a page may be that asks for passkeys: the console at the daemon's own port, by the one name of this machine that browsers let passkeys be used at. A page
 * of the agent's is at another port, and what is signed there is signed for another origin. And where a proxy of the operator's shows it, by the names in `door.hosts`.
 */
export async function readConsoleOrigins({ folder, settings }: Pick<Instance, "folder" | "settings">): Promise<string[]> {
  const door = await readDaemonDoor(folder);
  return [...(door === undefined ? [] : [`http://localhost:${door.port}`]), ...settings.door.hosts.map((host) => `https://${host.toLowerCase()}`)];
}
