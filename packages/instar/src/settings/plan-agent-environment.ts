import type { Settings } from "./settings.ts";

export interface AgentEnvironmentParts {
  readonly settings: Pick<Settings, "agent" | "state">;
  readonly release: { readonly id: string; readonly version: string };
  /** What this start of the agent listens at; left out where the agent has no port. */
  readonly port?: number;
  /** Absolute. A rehearsal gives the copy's folder here; left out where the agent has no state folder. */
  readonly stateDirectory?: string;
  /** What agent.environmentFile says. */
  readonly environmentFile?: Readonly<Record<string, string>>;
  /** The operator's own variables, of which only the named few are taken. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
}

/**
 * The whole environment of the agent's process, made from nothing: what Instar runs with never reaches the agent. A later
 * line wins over an earlier one:
 *
 * 1. HOME, USER, LOGNAME, LANG, TZ, TMPDIR as inherited, where they are set (on Windows what a program needs to start);
 * 2. PYTHONDONTWRITEBYTECODE: Python would write into the release, which is sealed (only root could, and then it would be damaged);
 *    PATH: agent.path, else the platform's default;
 * 3. agent.environmentFile;
 * 4. agent.environment;
 * 5. agent.portVariable and state.variable: a PORT in an environment file gives way, because the agent must listen where
 *    the front looks for it (in agent.environment it is refused when the settings are parsed);
 * 6. INSTAR_RELEASE and INSTAR_VERSION.
 */
export function planAgentEnvironment(parts: AgentEnvironmentParts): Readonly<Record<string, string>> {
  const { settings, release, port, stateDirectory, platform = process.platform } = parts;
  const { agent, state } = settings;
  return Object.fromEntries([
    ...inheritedEntries(parts.inherited, platform),
    ["PYTHONDONTWRITEBYTECODE", "1"],
    ["PATH", agent.path === undefined || agent.path.length === 0 ? defaultPath(parts.inherited, platform) : agent.path.join(platform === "win32" ? ";" : ":")],
    ...Object.entries(parts.environmentFile ?? {}),
    ...Object.entries(agent.environment),
    ...(port === undefined || agent.port === "none" ? [] : [[agent.portVariable, String(port)]]),
    ...(stateDirectory === undefined || state.variable === undefined ? [] : [[state.variable, stateDirectory]]),
    ["INSTAR_RELEASE", release.id],
    ["INSTAR_VERSION", release.version],
  ]);
}

const INHERITED = ["HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR"];
/** Without SystemRoot no Windows program finds its own libraries. */
const INHERITED_ON_WINDOWS = ["SystemRoot", "ComSpec", "PATHEXT", "USERPROFILE", "USERNAME", "LANG", "TZ", "TEMP", "TMP"];

function inheritedEntries(inherited: AgentEnvironmentParts["inherited"], platform: NodeJS.Platform): [string, string][] {
  return (platform === "win32" ? INHERITED_ON_WINDOWS : INHERITED).flatMap((name) => {
    const value = inherited[name];
    return value === undefined ? [] : [[name, value] satisfies [string, string]];
  });
}

function defaultPath(inherited: AgentEnvironmentParts["inherited"], platform: NodeJS.Platform): string {
  if (platform !== "win32") return "/usr/local/bin:/usr/bin:/bin";
  const root = inherited.SystemRoot ?? "C:\\Windows";
  return `${root}\\System32;${root}`;
}
