import { filesSourceSettings } from "../settings/files-source-settings.ts";
import { createPathRules } from "../sources/files/path-rules.ts";
import { type ImportedCode, importCode } from "../sources/import-code.ts";
import type { AgentCode } from "./agent-code.ts";
import type { Instance } from "./instance.ts";

/** What lies in code-repo, as a commit by the agent on top of `onto`. See importCode. */
export function importOwnCode(
  { rooms, settings }: Pick<Instance, "rooms" | "settings">,
  { data }: Pick<AgentCode, "data">,
  what: { readonly base: string; readonly onto: string; readonly message: string },
  signal: AbortSignal,
): Promise<ImportedCode> {
  const { isIgnored } = createPathRules(settings.source.files ?? filesSourceSettings.parse({ folder: data.codeRepo }));
  const author = { name: settings.self?.gitName ?? "Agent", email: settings.self?.gitEmail ?? "agent@localhost" };
  return rooms.source.alone(() => importCode(rooms.source.mirror, { folder: data.codeRepo, isIgnored, author, ...what }, signal));
}
