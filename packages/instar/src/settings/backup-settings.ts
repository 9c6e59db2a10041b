import { z } from "zod";
import { command, duration, variable } from "./setting-values.ts";

const name = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "must be lower-case letters, digits and dashes");

const postgres = z.strictObject({
  name,
  kind: z.literal("postgres"),
  url: z.string().min(1).optional().describe("postgresql://user@host:port/database, without a password"),
  urlVariable: variable.optional().describe("The variable of agent.environmentFile or agent.environment that holds the address, with its password"),
  dump: command.optional().describe("Instead of pg_dump: a program of this machine that fills the file {copy}; it sees urlVariable"),
  restore: command.optional().describe("Instead of pg_restore: a program of this machine that puts the file {copy} back, all or nothing"),
});

const sqlite = z.strictObject({
  name,
  kind: z.literal("sqlite"),
  path: z.string().min(1).describe("The database's file, from the folder of this file; one in state.directory is kept with the state already"),
});

export const backupSettings = z.strictObject({
  config: z
    .array(z.string().min(1))
    .default([])
    .describe("Files and folders that configure the agent, from instar.yaml's folder: kept with each backup, and the only ones that edits may touch"),
  databases: z
    .array(z.discriminatedUnion("kind", [postgres, sqlite]))
    .default([])
    .describe("The agent's own databases, dumped and restored by their own tools: pg_dump and pg_restore on the PATH, SQLite by its online backup"),
  within: duration.prefault("1h").describe("How long dumping or restoring one database may take"),
});
export type DatabaseSettings = z.output<typeof backupSettings>["databases"][number];
