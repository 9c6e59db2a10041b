import { z } from "zod";
import { ROLES } from "./access.ts";
import { defineOperation, none, updateId } from "./operation.ts";
import { approvalView, policyAnswerView, policyCheckView, policyTestView, simulationView } from "./policy.ts";

const openUpdate = updateId.optional().describe("The one that waits where it is left out");
const policies = z.string().max(1_048_576).optional().describe("Policies to take instead of those in policy.folder");

/** Which update may proceed, and who says so. */
export const POLICY_OPERATIONS = [
  defineOperation({
    name: "update.approve",
    kind: "command",
    needs: "answer",
    summary: "Your word that an update which waits for approval may be exchanged",
    input: z.strictObject({
      update: openUpdate,
      because: z.string().max(2_000).default("").describe("Why, for whoever reads it later"),
      digest: z.string().min(1).optional().describe("The digest that you looked at (`update show`, `approval list`): refused where it is another by now"),
    }),
    output: approvalView,
    positional: ["update"],
    offline: false,
  }),
  defineOperation({
    name: "update.reject",
    kind: "command",
    needs: "answer",
    summary: "Your word that an update which waits for approval must not be exchanged: it ends",
    input: z.strictObject({ update: openUpdate, because: z.string().min(1).max(2_000).describe("Why, for whoever reads it later") }),
    output: approvalView,
    positional: ["update"],
    offline: false,
  }),
  defineOperation({
    name: "approval.list",
    kind: "query",
    summary: "Which updates wait or waited for people, what was decided about them, who said what, and what of it counts",
    input: z.strictObject({ limit: z.coerce.number().int().min(1).max(1_000).default(20) }),
    output: z.object({ approvals: z.array(approvalView) }),
    positional: [],
    offline: true,
    mcp: { quotes: "what people and a model said of updates" },
  }),
  defineOperation({
    name: "document.show",
    kind: "query",
    summary: "A text that a decision names by its digest: policies that decided, what a model was asked, what it answered (secrets taken out)",
    input: z.strictObject({ digest: z.string().min(12).describe("As `update show` has it; its first letters are enough") }),
    output: z.object({ digest: z.string(), text: z.string() }),
    positional: ["digest"],
    offline: true,
    mcp: { quotes: "the text itself: of a policy, or of what a model was asked about the candidate and what it answered" },
  }),
  defineOperation({
    name: "policy.show",
    kind: "query",
    summary: "The policies that hold, and what they may speak of",
    input: none,
    output: z.object({
      digest: z.string(),
      texts: z.array(z.object({ file: z.string(), text: z.string() })),
      schema: z.string().describe("In Cedar's schema language"),
    }),
    positional: [],
    offline: true,
    mcp: { quotes: "texts that people wrote" },
  }),
  defineOperation({
    name: "policy.check",
    kind: "command",
    needs: "look",
    summary: "Look for mistakes in the policies, or in a file of them before it is put in place",
    input: z.strictObject({ policies }),
    output: policyCheckView,
    positional: ["policies"],
    fileInput: "policies",
    offline: true,
    hiddenFrom: { mcp: "policies are written by people, so a model has none to look for mistakes in; `policy.show` says what holds" },
  }),
  defineOperation({
    name: "policy.explain",
    kind: "query",
    summary: "What the policies as they are now say of an update, or of what a role may do, and which of them say so",
    input: z.strictObject({
      update: updateId.optional().describe("One that was decided upon; the newest of them where it is left out"),
      operation: z.string().min(1).optional().describe("An operation such as update.apply, asked for a role"),
      role: z.enum(ROLES).optional().describe("With operation: whose; all of them where it is left out"),
    }),
    output: policyAnswerView,
    positional: ["update"],
    offline: true,
    mcp: { quotes: "texts that people wrote" },
  }),
  defineOperation({
    name: "policy.simulate",
    kind: "command",
    needs: "look",
    summary: "What changed policies would have said of the updates of the past",
    input: z.strictObject({ policies, limit: z.coerce.number().int().min(1).max(10_000).default(1_000).describe("How many of the newest") }),
    output: simulationView,
    positional: ["policies"],
    fileInput: "policies",
    offline: true,
    hiddenFrom: { mcp: "policies are written by people, so a model has none to try on the past; `policy.explain` says what those that hold say" },
  }),
  defineOperation({
    name: "policy.test",
    kind: "query",
    summary: "Run the tests of the policies: *.test.yaml beside them",
    input: none,
    output: policyTestView,
    positional: [],
    offline: true,
    hiddenFrom: { mcp: "the tests of policies are for the people who write them" },
  }),
] as const;
