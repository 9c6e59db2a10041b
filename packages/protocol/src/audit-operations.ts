import { z } from "zod";
import { defineOperation, flag, none, updateId } from "./operation.ts";
import { REPORT_KINDS, report, reportFile } from "./report.ts";

/** One entry of the ledger as it is hashed; what it tells of is `details`. */
export const ledgerEntryView = z.object({
  index: z.int(),
  at: z.string(),
  event: z.string(),
  actor: z.object({ type: z.enum(["system", "user", "agent"]), id: z.string() }),
  description: z.string(),
  success: z.boolean(),
  update: z.string().optional(),
  versionFrom: z.string().optional(),
  versionTo: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
  previous: z.string().describe("SHA-256 of the entry before it, in hex"),
});
export type LedgerEntryView = z.output<typeof ledgerEntryView>;

const moment = z.string().min(1).max(40).describe("A day (2026-11-29) or a time in ISO 8601");

/** The ledger: what happened, and the proof of it. */
export const AUDIT_OPERATIONS = [
  defineOperation({
    name: "audit.verify",
    kind: "query",
    summary: "Read the ledger from the first entry to the last: its chain, its tree, and the signature over it",
    input: none,
    output: z.object({
      verdict: z.enum(["intact", "damaged"]),
      length: z.int(),
      head: z.string(),
      signed: z.int().nullable().describe("How many entries the signed checkpoint stands for; null where none is signed"),
      root: z.string().describe("Of the tree, base64"),
      archived: z.int().describe("Entries that lie in an archive elsewhere: their hashes stand for them"),
      key: z.string().nullable().describe("What verifies the signatures; keep a copy elsewhere"),
      because: z.string(),
    }),
    positional: [],
    offline: true,
    hiddenFrom: { mcp: "a proof that passes through a model proves nothing: a person asks for it on the command line" },
  }),
  defineOperation({
    name: "audit.list",
    kind: "query",
    summary: "Entries of the ledger, newest first",
    input: z.strictObject({
      limit: z.coerce.number().int().min(1).max(1_000).default(50),
      before: z.coerce.number().int().min(0).optional().describe("Only those with a lower index"),
      update: updateId.optional(),
      event: z.string().min(1).max(60).optional().describe("Only those of this kind, such as UPDATE_COMPLETED"),
      by: z.string().min(1).max(200).optional().describe("Only what this one did: a name of a person, an agent, or Instar's"),
      from: moment.optional().describe("Only those from then on"),
      until: moment.optional().describe("Only those before"),
      failed: flag.default(false).describe("Only what did not succeed"),
    }),
    output: z.object({ entries: z.array(ledgerEntryView), length: z.int() }),
    positional: [],
    offline: true,
    mcp: { quotes: "what commits, sources and people said, as it was recorded" },
  }),
  defineOperation({
    name: "audit.checkpoint",
    kind: "query",
    summary: "The newest signed head of the ledger, and the key that verifies it: to keep elsewhere, or to hold it to one that was kept",
    input: none,
    output: z.object({
      note: z.string().describe("The signed checkpoint (C2SP tlog-checkpoint)"),
      size: z.int().describe("How many entries it stands for"),
      length: z.int().describe("How many there are"),
      root: z.string().describe("Of the tree, base64"),
      key: z.string(),
    }),
    positional: [],
    offline: true,
    hiddenFrom: { mcp: "a proof that passes through a model proves nothing: a person asks for it on the command line" },
  }),
  defineOperation({
    name: "audit.prove",
    kind: "query",
    summary: "A receipt for one entry: with it and the key anybody can check, elsewhere and later, that the ledger holds it",
    input: z.strictObject({
      index: z.coerce.number().int().min(0).describe("Of the entry"),
      part: z.enum(["receipt", "entry"]).default("receipt").describe("What is printed"),
    }),
    output: z.object({
      index: z.int(),
      entry: z.string().describe("The bytes that are proved"),
      receipt: z.string().describe("A .tlog-proof"),
      text: z.string().describe("The one of the two that was asked for"),
      key: z.string(),
    }),
    positional: ["index"],
    offline: true,
    hiddenFrom: { mcp: "a proof that passes through a model proves nothing: a person asks for it on the command line" },
  }),
  defineOperation({
    name: "audit.compare",
    kind: "command",
    needs: "look",
    summary: "That nothing was changed since a checkpoint that you kept: with the proof of it",
    input: z.strictObject({
      checkpoint: z.string().min(1).max(65_536).describe("A checkpoint of this ledger from before"),
      base: z.string().max(4_096).optional().describe("Where it lies"),
      size: z.coerce
        .number()
        .int()
        .min(1)
        .optional()
        .describe("With the ledger as it was when it had so many entries; with all that is signed where it is left out"),
    }),
    output: z.object({ older: z.int(), size: z.int(), proof: z.array(z.string()).describe("Hashes in base64"), because: z.string() }),
    positional: ["checkpoint"],
    fileInput: "checkpoint",
    offline: true,
    hiddenFrom: { mcp: "a proof that passes through a model proves nothing: a person asks for it on the command line" },
  }),
  defineOperation({
    name: "audit.export",
    kind: "command",
    summary: "Write the ledger, its proofs and a verifier that needs no Instar into a new folder of this machine",
    input: z.strictObject({
      to: z.string().min(1).max(4_096).describe("A folder that is not there yet"),
      from: moment.optional().describe("Entries before are withheld, their hashes stand for them"),
      until: moment.optional().describe("Entries from then on are withheld"),
    }),
    output: z.object({
      folder: z.string(),
      size: z.int(),
      shown: z.int(),
      withheld: z.int(),
      files: z.int(),
      sizeBytes: z.int(),
      key: z.string(),
      verify: z.string(),
    }),
    positional: ["to"],
    pathInput: "to",
    isPathAlways: true,
    offline: true,
  }),
  defineOperation({
    name: "audit.report",
    kind: "query",
    summary: "A report from the ledger for any period: updates, failures, ways back, security, performance",
    input: z.strictObject({
      kind: z.enum(REPORT_KINDS).default("all"),
      from: moment.optional().describe("30 days before `until` where it is left out"),
      until: moment.optional().describe("Now where it is left out"),
      format: z
        .enum(["text", "json", "csv", "html", "folder"])
        .default("text")
        .describe("How it is written; html is one page with charts that needs nothing else, folder all of it with a receipt for each listed entry"),
      table: z.string().min(1).max(60).optional().describe("Which table, of csv: `figures`, `entries` or one of the report's own"),
    }),
    output: z.object({
      report,
      text: z.string(),
      files: z.array(reportFile).describe("Of the format `folder`: the page, the tables, and the receipts, which the page links to; empty for others"),
    }),
    positional: ["kind"],
    filesOutput: { format: "folder" },
    offline: true,
    mcp: {
      quotes: "what commits, sources and people said, as it was recorded",
      withholds: {
        format: "the answer has the report as data and as text; pages and receipts are for people",
        table: "it chooses what is written as csv, and the answer has every table as data",
      },
    },
  }),
] as const;
