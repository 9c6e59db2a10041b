import { modelWord } from "@instar/protocol";
import { z } from "zod";
import { approval } from "../../governance/approvals/approval.ts";
import { passkey } from "../../governance/passkeys/passkey.ts";
import { updateFacts } from "../../governance/policy/update-facts.ts";

const context = z.object({
  settings: z.object({
    automaticRank: z.number(),
    approvalFor: z.array(z.string()),
    riskLimit: z.number(),
    quorum: z.number(),
    accepts: z.array(z.string()).default(["none"]),
    passkey: z.literal(true).exactOptional(),
  }),
  calendar: z.object({ frozen: z.boolean(), outsideWindows: z.boolean() }),
});

const outcome = z.object({
  kind: z.enum(["proceed", "approval", "later", "refused"]),
  afterwards: z.enum(["proceed", "approval"]).optional(),
  quorum: z.number().optional(),
  passkey: z.literal(true).exactOptional(),
  isBroken: z.boolean().optional(),
  policies: z.array(z.string()),
  because: z.string(),
});

/** Everything that a decision hung on: with the texts that its digests name it can be computed again. Written into the journal by `decide`. */
export const decisionRecord = z.object({
  version: z.string().describe("What is to be exchanged, and from what, in words"),
  facts: updateFacts,
  impactBecause: z.string(),
  gates: z.string().describe("What the tests and other gates said"),
  rehearsal: z.string(),
  context,
  policies: z.string().describe("Digest of the policies' texts, which are kept"),
  policy: outcome,
  model: z
    .object({
      engine: z.enum(["model", "hybrid"]),
      limits: z.object({
        approveAbove: z.number(),
        approvalAboveRisk: z.enum(["minimal", "low", "medium", "high", "critical"]),
        onFailure: z.enum(["defer", "reject"]),
      }),
      word: modelWord,
    })
    .nullable()
    .describe("What a language model said; null where none was asked"),
  comesTo: z.enum(["proceed", "approval", "later", "refused"]),
  because: z.string().describe("The decision as one paragraph"),
});
export type DecisionRecord = z.output<typeof decisionRecord>;

/** What `approve` went by when it let an update on, or ended it. */
export const approvalRecord = z.object({
  context,
  policies: z.string(),
  rules: z.string().describe("Digest of policies and settings together: what an approval is given under"),
  policy: outcome,
  digest: z.string().describe("Of the release"),
  approvals: z.array(approval),
  revoked: z.array(z.string()).default([]).describe("Ids of tokens among them that were taken away since"),
  update: z.string().default("").describe("Whose journal it is; empty where an older Instar did not say"),
  passkeys: z.array(passkey).default([]).describe("Those that counted then, of those that signed approvals"),
  wantsPasskey: z.boolean().default(false).describe("Only what a passkey signed counted"),
  rejected: z.object({ by: z.string(), because: z.string() }).nullable(),
  waitedMs: z.number(),
  waitForMs: z.number(),
  nowTickMs: z.number(),
  nowWallMs: z.number(),
  comesTo: z.enum(["passed", "wait", "refused"]),
  because: z.string(),
});
export type ApprovalRecord = z.output<typeof approvalRecord>;
