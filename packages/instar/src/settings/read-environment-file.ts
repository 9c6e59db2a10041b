import { InstarError } from "@instar/protocol";
import { parseEnvironmentFile } from "./parse-environment-file.ts";
import { decodeText, readSmallFile } from "./read-small-file.ts";

/**
 * The variables of the agent's environment file. What it says goes to the agent and nowhere else: not into the ledger, an
 * error or a log.
 *
 * @param path absolute
 * @throws InstarError SETTINGS_INVALID (also where the file is missing: the settings name it), PLATFORM_FAILED
 */
export async function readEnvironmentFile(path: string): Promise<Readonly<Record<string, string>>> {
  const bytes = await readSmallFile(path);
  if (bytes === undefined)
    throw new InstarError("SETTINGS_INVALID", `agent.environmentFile does not exist: ${path}`, {
      facts: { path },
      advice: "Create it, or remove agent.environmentFile.",
    });
  return parseEnvironmentFile(decodeText(bytes, path), path);
}
