import { z } from "zod";
import { defineOperation, updateId } from "./operation.ts";

export const FILE_CHANGES = ["added", "modified", "deleted", "renamed", "type-changed"] as const;

const fileDiff = z.object({
  path: z.string(),
  from: z.string().nullable().describe("The path before, of a rename"),
  change: z.enum(FILE_CHANGES),
  addedLines: z.int(),
  deletedLines: z.int(),
  isBinary: z.boolean(),
  modes: z.object({ before: z.string(), after: z.string() }).nullable().describe("git's modes, where they differ: 100755 is a program, 120000 a link"),
  isLockfile: z.boolean().describe("Written by a package manager: what `impact` says of its packages is what there is to read"),
  text: z.string().nullable().describe("Its hunks as a unified diff; null where they were left out"),
  leftOut: z.string().nullable().describe("Why its hunks were left out, and how to see them; null where they are there"),
});
export type FileDiff = z.output<typeof fileDiff>;

export const diffView = z.object({
  update: z.string(),
  from: z.object({ version: z.string(), commit: z.string() }).nullable().describe("null: a first version, where every file is new"),
  to: z.object({ version: z.string(), commit: z.string() }),
  addedLines: z.int(),
  deletedLines: z.int(),
  total: z.int().describe("Files that differ; `files` has the first thousand of them"),
  files: z.array(fileDiff),
});
export type DiffView = z.output<typeof diffView>;

/** What an update changes, line by line. */
export const DIFF_OPERATIONS = [
  defineOperation({
    name: "update.diff",
    kind: "query",
    summary: "What an update changes, file by file and line by line: from the commit that served when it began to its own",
    input: z.strictObject({
      update: updateId,
      path: z.string().min(1).max(4_096).optional().describe("Only this file, and all of its hunks as far as they can be shown: for one that was left out"),
    }),
    output: diffView,
    positional: ["update", "path"],
    offline: true,
    hiddenFrom: { mcp: "the lines of a whole release would fill the context of a model; `impact` says what a change touches" },
  }),
] as const;
