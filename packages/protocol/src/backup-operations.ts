import { z } from "zod";
import { BACKUP_KINDS, backupJob, backupView, COMPONENTS } from "./backup.ts";
import { defineOperation, none, updateId } from "./operation.ts";

/** Over HTTP a list, or as on the command line one text with commas. */
const listOf = <Item extends z.ZodType<string, string>>(item: Item) => z.union([z.array(item), z.string().transform(splitAtCommas).pipe(z.array(item))]);
const splitAtCommas = (text: string): string[] =>
  text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
const components = listOf(z.enum(COMPONENTS)).optional();
const backupId = z.string().min(1).describe("A backup's id; its first letters are enough");

export const BACKUP_OPERATIONS = [
  defineOperation({
    name: "backup.create",
    kind: "command",
    summary: "Back up code, configuration, data and databases, while the agent goes on",
    input: z.strictObject({
      kind: z
        .enum(BACKUP_KINDS)
        .default("incremental")
        .describe("full: every byte is read again; incremental: what looks unchanged is not; state-only: data and databases alone"),
      component: components.describe("Only these, divided by commas: code, config, data, database; all that there are where it is left out"),
      tag: listOf(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "must be letters, digits, dots, dashes and underscores"))
        .optional()
        .describe("Names to find it by, divided by commas; a tagged backup stays until it is removed by hand"),
      because: z.string().max(500).optional().describe("Why, for those who read the list later"),
    }),
    output: backupJob,
    positional: [],
    offline: false,
  }),
  defineOperation({
    name: "backup.list",
    kind: "query",
    summary: "All backups, newest first: those made by hand, and those of updates",
    input: none,
    output: z.object({ backups: z.array(backupView) }),
    positional: [],
    offline: true,
    mcp: { quotes: "the tags and reasons that people gave" },
  }),
  defineOperation({
    name: "backup.verify",
    kind: "command",
    summary: "Restore a backup aside and compare every byte; the newest whole one, a named one, or all",
    input: z.strictObject({
      backup: backupId.optional(),
      all: z.boolean().default(false).describe("Every one there is"),
    }),
    output: backupJob,
    positional: ["backup"],
    offline: true,
  }),
  defineOperation({
    name: "backup.restore",
    kind: "command",
    summary: "Put a backup in the place of what serves, or into a folder aside",
    input: z.strictObject({
      backup: backupId.optional().describe("A backup's id; the newest whole one where nothing says otherwise"),
      forVersion: z.string().min(1).optional().describe("Instead: the newest that was taken while this version ran"),
      at: z.string().min(1).optional().describe("Instead: the newest of this time or before, such as 2026-11-20T15:00Z"),
      update: updateId.optional().describe("Instead: the one that this update took"),
      component: components.describe("Only these, divided by commas; without --to: data, config and database"),
      to: z.string().min(1).optional().describe("A folder that is empty or not there: what serves is not touched"),
      overwriteConfig: z.boolean().default(false).describe("Replace configuration that somebody changed since; it is kept aside"),
      dryRun: z.boolean().default(false).describe("Only say what it would do"),
    }),
    output: backupJob,
    positional: ["backup"],
    offline: true,
  }),
  defineOperation({
    name: "backup.prune",
    kind: "command",
    summary: "Remove what is beyond what instar.yaml keeps, or what is named",
    input: z.strictObject({
      id: backupId.optional().describe("This one, whatever keeps it"),
      tag: z.string().min(1).optional().describe("Those with this tag, whatever else keeps them"),
      keep: z.coerce.number().int().min(1).optional().describe("How many stay; keep.snapshots where it is left out"),
      dryRun: z.boolean().default(false).describe("Only say what would go"),
    }),
    output: backupJob,
    positional: [],
    offline: false,
  }),
  defineOperation({
    name: "backup.progress",
    kind: "query",
    summary: "How far a backup, verification or restore has come",
    input: z.strictObject({ job: z.string().min(1) }),
    output: backupJob,
    positional: ["job"],
    offline: false,
    hiddenFrom: { mcp: "no tool begins, verifies or restores a backup, so there is none to follow; `backup.list` has what came of them" },
  }),
] as const;
