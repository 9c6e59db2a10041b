import { createHash } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { InstarError } from "@instar/protocol";
import { parse } from "yaml";
import { parseSettings } from "./parse-settings.ts";
import { decodeText, readSmallFile } from "./read-small-file.ts";
import { planAgentData, planSelfEnvironment } from "./self-settings.ts";
import type { Settings } from "./settings.ts";

export const SETTINGS_FILE = "instar.yaml";

export interface ReadSettings {
  readonly settings: Settings;
  /** The file, absolute. */
  readonly path: string;
  /** The folder that holds it: relative paths in the settings count from here. */
  readonly folder: string;
  /** SHA-256 of the file's bytes, in hex. */
  readonly digest: string;
  /** Keys of the first two levels that the file writes down itself, with a dot between: `validation.unit_tests`. */
  readonly written: ReadonlySet<string>;
}

/**
 * Reads the `instar.yaml` of a folder, or of the nearest parent that has one.
 *
 * @throws InstarError SETTINGS_MISSING, SETTINGS_INVALID, PLATFORM_FAILED
 */
export async function readSettings(folder: string): Promise<ReadSettings> {
  const start = resolve(folder);
  for (let place = start; ; place = dirname(place)) {
    const path = join(place, SETTINGS_FILE);
    const bytes = await readSmallFile(path);
    if (bytes !== undefined) {
      const text = decodeText(bytes, path);
      return { settings: withSelf(parseSettings(text, path), place), path, folder: place, digest: digestOf(bytes), written: listWritten(text) };
    }
    if (dirname(place) === place) break;
  }
  throw new InstarError("SETTINGS_MISSING", `there is no ${SETTINGS_FILE} in ${start} or above it`, {
    facts: { folder: start },
    advice: "Run `instar init` in the agent's folder: it looks around and writes one.",
  });
}

/** An agent that may change itself may write its two folders, read what became of its changes, and is told where they are. */
function withSelf(settings: Settings, folder: string): Settings {
  if (settings.self === undefined) return settings;
  const { agent } = settings;
  const data = planAgentData(settings.self, folder);
  const sandbox = {
    ...agent.sandbox,
    writable: [...agent.sandbox.writable, data.codeRepo, data.sandbox],
    readable: [...agent.sandbox.readable, data.deployments],
  };
  return { ...settings, agent: { ...agent, sandbox, environment: { ...planSelfEnvironment(settings.self, data), ...agent.environment } } };
}

function listWritten(text: string): ReadonlySet<string> {
  const document: unknown = parse(text);
  const keysOf = (value: unknown) => (typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : []);
  return new Set(keysOf(document).flatMap(([section, inner]) => [section, ...keysOf(inner).map(([key]) => `${section}.${key}`)]));
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
