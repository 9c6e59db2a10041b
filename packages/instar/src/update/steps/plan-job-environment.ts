import type { StepRooms } from "../step-rooms.ts";

/**
 * What a job of an update gets: programs, a home of its own, and nothing that is secret. The environment file and the agent's state are not
 * for code that has not been judged yet.
 */
export function planJobEnvironment({ settings, inherited }: Pick<StepRooms, "settings" | "inherited">, home: string): Record<string, string> {
  return {
    PATH: settings.agent.path?.join(":") ?? "/usr/local/bin:/usr/bin:/bin",
    HOME: home,
    TMPDIR: `${home}/tmp`,
    ...(inherited.LANG === undefined ? {} : { LANG: inherited.LANG }),
    ...(inherited.TZ === undefined ? {} : { TZ: inherited.TZ }),
    CI: "true",
    npm_config_update_notifier: "false",
    PIP_DISABLE_PIP_VERSION_CHECK: "1",
    // Tests see the release's installed packages themselves.
    PYTHONDONTWRITEBYTECODE: "1",
  };
}
