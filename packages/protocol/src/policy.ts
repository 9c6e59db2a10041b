import { z } from "zod";
import { modelWord } from "./decision.ts";

export const policyProblem = z.object({
  file: z.string(),
  line: z.int().nullable(),
  policy: z.string().nullable().describe("Its @id"),
  severity: z.enum(["error", "warning"]),
  message: z.string(),
});
export type PolicyProblem = z.output<typeof policyProblem>;

const shownPolicy = z.object({
  id: z.string(),
  file: z.string().describe("`instar:` before it: one that Instar brings"),
  effect: z.enum(["permit", "forbid"]),
  because: z.string().nullable(),
  approvals: z.int().describe("How many people it asks for, where it lets an update go on with approval"),
  passkey: z.boolean().describe("Their word counts only if a passkey signed it"),
});

export const policyCheckView = z.object({
  verdict: z.enum(["pass", "fail"]),
  because: z.string(),
  digest: z.string(),
  policies: z.array(shownPolicy),
  problems: z.array(policyProblem),
});
export type PolicyCheckView = z.output<typeof policyCheckView>;

export const POLICY_OUTCOMES = ["proceed", "approval", "later", "refused"] as const;

export const policySaid = z.object({
  outcome: z.enum(POLICY_OUTCOMES),
  quorum: z.int().describe("People whose approval it takes"),
  passkey: z.boolean().describe("Each signed by a passkey"),
  policies: z.array(z.string()).describe("Those that decided"),
  because: z.string(),
});
export type PolicySaid = z.output<typeof policySaid>;

export const policyAnswerView = z.object({
  update: z
    .object({
      id: z.string(),
      versionTo: z.string(),
      facts: z.record(z.string(), z.unknown()),
      recorded: policySaid.nullable().describe("When it was decided"),
      now: policySaid,
    })
    .nullable(),
  roles: z.array(z.object({ role: z.string(), operation: z.string(), isAllowed: z.boolean(), policies: z.array(z.string()), because: z.string() })),
});
export type PolicyAnswerView = z.output<typeof policyAnswerView>;

export const simulationView = z.object({
  digest: z.string(),
  because: z.string(),
  differing: z.int(),
  updates: z.array(
    z.object({
      id: z.string(),
      versionFrom: z.string().nullable(),
      versionTo: z.string(),
      at: z.string(),
      ended: z.string().nullable().describe("How it ended"),
      recorded: policySaid.describe("What the policies of then policySaid, as it was recorded"),
      would: policySaid,
      differs: z.boolean(),
    }),
  ),
});
export type SimulationView = z.output<typeof simulationView>;

export const policyTestView = z.object({
  passed: z.int(),
  failed: z.int(),
  because: z.string(),
  tests: z.array(z.object({ file: z.string(), name: z.string(), verdict: z.enum(["pass", "fail"]), because: z.string() })),
});
export type PolicyTestView = z.output<typeof policyTestView>;

const answer = z.object({
  by: z.string(),
  role: z.string(),
  at: z.string(),
  because: z.string(),
  digest: z.string(),
  until: z.string(),
  counts: z.boolean(),
  voidBecause: z.string().nullable().describe("Why it does not count"),
  passkey: z.string().nullable().describe("Id of the passkey that signed it; null where a token alone stands for it"),
});

export const approvalView = z.object({
  update: z.string(),
  versionFrom: z.string().nullable(),
  versionTo: z.string(),
  state: z.enum(["deciding", "waiting", "approved", "rejected", "not-needed", "expired", "refused", "cancelled"]),
  because: z.string().describe("What it waits for, or how it came out"),
  decision: z.string().describe("The decision as one paragraph; empty before it was made"),
  digest: z.string().nullable().describe("Of the release that is approved"),
  quorum: z.int(),
  passkey: z.boolean().describe("Only what a passkey signed counts: it is approved in the console"),
  answers: z.array(answer),
  until: z.string().nullable().describe("When waiting for people ends, by the clock as it is now; null where it does not"),
});
export type ApprovalView = z.output<typeof approvalView>;

/** What a decision hung on, as `update show` has it; `update explain` computes it again. */
export const decisionEvidence = z.object({
  comesTo: z.enum(POLICY_OUTCOMES),
  facts: z.record(z.string(), z.unknown()),
  policies: z.string().describe("Digest of the policies' texts: `instar document show`"),
  policy: z.object({
    kind: z.enum(POLICY_OUTCOMES),
    quorum: z.int().optional(),
    passkey: z.literal(true).exactOptional(),
    policies: z.array(z.string()),
    because: z.string(),
  }),
  model: z.object({ engine: z.enum(["model", "hybrid"]), word: modelWord }).nullable(),
});
export type DecisionEvidence = z.output<typeof decisionEvidence>;
