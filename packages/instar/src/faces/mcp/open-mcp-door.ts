import { readDaemonDoor } from "../../daemon/read-daemon-door.ts";
import type { McpDoor } from "./post-to-daemon.ts";
import { readTokenFile } from "./read-token-file.ts";

export interface McpDoorParts {
  /** The instance's data folder. */
  readonly folder: string;
  /** Absolute; undefined where none was named. */
  readonly tokenFile: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * How a process that outlives daemons finds the one that lives, anew at each question: with the token of the file, else with INSTAR_TOKEN, else with the
 * instance's own, which is another one after each start.
 *
 * @throws InstarError INPUT_INVALID where the file has no token: at once, and not at the first question
 */
export async function openMcpDoor({ folder, tokenFile, environment }: McpDoorParts): Promise<() => Promise<McpDoor | undefined>> {
  const readShown = async (): Promise<string | undefined> =>
    tokenFile === undefined ? environment.INSTAR_TOKEN?.trim() || undefined : readTokenFile(tokenFile);
  await readShown();
  return async () => {
    const door = await readDaemonDoor(folder);
    return door === undefined ? undefined : { port: door.port, token: (await readShown()) ?? door.token };
  };
}
