import { join } from "node:path";
import { InstarError } from "@instar/protocol";
import type { JobResult, RunJob } from "../platform/run-job.ts";
import type { DatabaseSettings } from "../settings/backup-settings.ts";
import { planCommand } from "../settings/plan-command.ts";
import type { PostgresTool } from "./plan-postgres-tool.ts";

export interface DatabaseRoom {
  readonly runJob: RunJob;
  /** The operator's PATH, HOME and language: where the database's own tools are found. */
  readonly environment: Readonly<Record<string, string>>;
  /** What agent.environmentFile and agent.environment say: an address with its password stands there. */
  readonly agentVariables: Readonly<Record<string, string>>;
  /** Relative paths count from here. */
  readonly settingsFolder: string;
  readonly logPath: string;
  readonly withinMs: number;
  /** True where nobody has the databases open: then a SQLite file that is damaged is kept as it is. */
  readonly isQuiet?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export type Postgres = Extract<DatabaseSettings, { kind: "postgres" }>;

/** The file of one dump, below the folder of all. What another tool wrote has another name: pg_restore cannot read it. */
export function dumpNameOf(database: DatabaseSettings): string {
  if (database.kind === "sqlite") return `${database.name}.sqlite`;
  return database.dump === undefined ? `${database.name}.dump` : `${database.name}.own`;
}

/** What became of a tool, in words; "done" where it did its work. */
export function outcomeOf(result: JobResult): string {
  switch (result.kind) {
    case "exited":
      return result.status === 0 ? "done" : `its tool exited with ${result.status}`;
    case "signalled":
      return `its tool was ended by ${result.signal}`;
    case "timed-out":
      return `its tool took longer than ${Math.round(result.afterMs / 1_000)} s`;
    case "stopped":
      return "it was stopped";
    case "not-started":
      return result.because;
    default:
      return result satisfies never;
  }
}

export const lastWords = (tail: string) => tail.trim().split("\n").slice(-3).join(" | ").slice(-500) || "it said nothing";

export function ownTool(command: string | string[], file: string, { urlVariable }: Postgres, room: DatabaseRoom): PostgresTool {
  const value = urlVariable === undefined ? undefined : room.agentVariables[urlVariable];
  return { argv: planCommand(command, { copy: file }), environment: urlVariable === undefined || value === undefined ? {} : { [urlVariable]: value } };
}

export async function runTool({ argv, environment }: PostgresTool, room: DatabaseRoom, title: string): Promise<JobResult> {
  return room.runJob({
    argv,
    cwd: room.settingsFolder,
    environment: { ...room.environment, ...environment },
    timeoutMs: room.withinMs,
    logPath: room.logPath,
    title,
    ...(room.signal === undefined ? {} : { signal: room.signal }),
  });
}

export function urlOf({ name, url, urlVariable }: Postgres, { agentVariables }: DatabaseRoom): string {
  if (url !== undefined) return url;
  const found = urlVariable === undefined ? undefined : agentVariables[urlVariable];
  if (found !== undefined && found !== "") return found;
  throw new InstarError(
    "SETTINGS_INVALID",
    `the address of the database ${name} should stand in the variable ${urlVariable ?? "?"}, which the agent does not get`,
    {
      facts: { database: name },
      advice: "Name the variable in agent.environmentFile.",
    },
  );
}

export const sqlitePathOf = (path: string, { settingsFolder }: DatabaseRoom) => (path.startsWith("/") ? path : join(settingsFolder, path));
