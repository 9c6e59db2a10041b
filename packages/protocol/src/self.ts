import { z } from "zod";
import { IMPACT_LEVELS, RISKS } from "./impact.ts";
import { policySaid } from "./policy.ts";
import { LOOP_STATES, OUTCOMES, updateView } from "./update.ts";

/** The agent's two folders that it may write itself. */
export const AGENT_FOLDERS = ["code-repo", "sandbox"] as const;
export type AgentFolderName = (typeof AGENT_FOLDERS)[number];

/** A change of its own that an agent asked for, and how it went: what whoever asked, or the version that follows, reads. */
export const deploymentView = z.object({
  update: z.string().describe("The update that it became"),
  commit: z.string(),
  message: z.string().describe("What the agent said of the change"),
  asker: z.string().nullable().describe("For whom it was asked, in the agent's own words; given back as it was"),
  by: z.string().describe("Who deployed it: the token's name"),
  at: z.string(),
  revises: z.string().nullable().describe("The earlier deployment, rejected or failed, that this one answers"),
  state: z.enum(LOOP_STATES),
  outcome: z.enum(OUTCOMES).nullable().describe("Null while it is under way"),
  because: z.string().describe("Why it ended so, or what it waits for"),
  comment: z.string().nullable().describe("What a person said who rejected it"),
  needsPerson: z.boolean().describe("It waits for a person's word"),
  pushed: z.string().nullable().describe("What became of pushing it, in words; null where nobody asked for that, or it has not been tried yet"),
  isAcknowledged: z.boolean().describe("Whether the agent has said that it knows how it ended"),
});
export type DeploymentView = z.output<typeof deploymentView>;

/** What lies in code-repo, taken through the steps of an update that run beside the agent. Nothing comes of it but this. */
export const codeCheckView = z.object({
  id: z.string(),
  commit: z.string().describe("What lay in code-repo when it was begun"),
  changed: z.array(z.string()).describe("Files that differ from what runs, at most 200"),
  state: z.enum(["running", "passed", "failed", "error"]).describe("failed: an update of it would be refused. error: it could not be found out"),
  because: z.string(),
  code: z.string().nullable().describe("The error code, where something failed"),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  steps: updateView.shape.steps,
  impact: z
    .object({
      impactLevel: z.enum(IMPACT_LEVELS),
      risk: z.enum(RISKS),
      because: z.array(z.string()),
    })
    .nullable()
    .describe("What it touches; null before that was worked out"),
  policy: policySaid
    .nullable()
    .describe("What the policies of now would say of an update of it, if its rehearsal went well; null where it would not come so far"),
  output: z.string().describe("The end of what its jobs wrote"),
});
export type CodeCheckView = z.output<typeof codeCheckView>;
