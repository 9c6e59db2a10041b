import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { removeTree } from "../platform/durable-files.ts";
import { filesSourceSettings } from "../settings/files-source-settings.ts";
import { createPathRules } from "../sources/files/path-rules.ts";
import { type ImportedCode, importCode } from "../sources/import-code.ts";
import { type AgentCode, OWN_CODE_LIMITS } from "./agent-code.ts";
import type { Instance } from "./instance.ts";

/**
 * What lies in code-repo, as a commit by the agent on top of `onto`. It is copied first to where the agent cannot write: whoever may put a link in the place of a
 * folder at any moment must not be read by paths, or what lies behind the link would be the agent's to see. To be called within `AgentCode.alone`.
 *
 * @throws InstarError as copyAgentFolder and importCode
 */
export async function importOwnCode(
  { folder, rooms, settings }: Pick<Instance, "folder" | "rooms" | "settings">,
  { data, codeRepo }: Pick<AgentCode, "data" | "codeRepo">,
  what: { readonly base: string; readonly onto: string; readonly message: string },
  signal: AbortSignal,
): Promise<ImportedCode> {
  const { isIgnored } = createPathRules(settings.source.files ?? filesSourceSettings.parse({ folder: data.codeRepo }));
  const author = { name: settings.self?.gitName ?? "Agent", email: settings.self?.gitEmail ?? "agent@localhost" };
  const into = join(folder, "asked", "code-import");
  const lay = async (isLeftOut: typeof isIgnored): Promise<string> => {
    await removeTree(into);
    await mkdir(into, { recursive: true, mode: 0o700 });
    await codeRepo.copy({ into, isIgnored: isLeftOut, limits: OWN_CODE_LIMITS, signal });
    return into;
  };
  try {
    return await rooms.source.alone(() => importCode(rooms.source.mirror, { lay, isIgnored, author, ...what }, signal));
  } finally {
    await removeTree(into);
  }
}
