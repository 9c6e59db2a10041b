import { readFile } from "node:fs/promises";
import { InstarError } from "@instar/protocol";
import { readDaemonDoor } from "../../daemon/read-daemon-door.ts";
import type { McpDoor } from "./post-to-daemon.ts";
import { readTokenFile } from "./read-token-file.ts";

export interface McpDoorParts {
  /** The instance's data folder. */
  readonly folder: string;
  /** Absolute; undefined where none was named. */
  readonly tokenFile: string | undefined;
  /** Where the daemon writes the token of an agent that may change itself, absolute; undefined where there is no such agent. */
  readonly ownDoor: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * How a process that outlives daemons finds the one that lives, anew at each question: with the token of the file, else with INSTAR_TOKEN, else with the agent's
 * own. Never by the operator's door: what a model says would count as a person's word.
 *
 * @throws InstarError INPUT_INVALID where there is no token: at once, and not at the first question
 */
export async function openMcpDoor({ folder, tokenFile, ownDoor, environment }: McpDoorParts): Promise<() => Promise<McpDoor | undefined>> {
  const readShown = async (): Promise<string> => {
    if (tokenFile !== undefined) return readTokenFile(tokenFile);
    const shown = environment.INSTAR_TOKEN?.trim() || (ownDoor === undefined ? undefined : await readOwnToken(ownDoor));
    if (shown !== undefined) return shown;
    throw new InstarError("INPUT_INVALID", "there is no token to show: without one, what a model says would count as a person's word", {
      advice: "`instar token create <name> --role agent` makes one; name its file with --token-file.",
    });
  };
  await readShown();
  return async () => {
    const door = await readDaemonDoor(folder);
    return door === undefined ? undefined : { port: door.port, token: await readShown() };
  };
}

/** Undefined where the daemon has not written it yet. */
async function readOwnToken(path: string): Promise<string | undefined> {
  try {
    const { token } = JSON.parse(await readFile(path, "utf8")) as { token?: unknown };
    return typeof token === "string" ? token : undefined;
  } catch {
    return undefined;
  }
}
