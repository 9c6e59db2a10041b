import { z } from "zod";
import { healthCheckResult } from "./health.ts";
import { observationEvidence } from "./observation.ts";
import { origin } from "./origin.ts";
import { decisionEvidence } from "./policy.ts";
import { rehearsalReport } from "./rehearsal.ts";
import { confinedBy } from "./sandbox.ts";
import { stageResult } from "./validation.ts";

/** How an update ended. Each update has exactly one, and it never changes. */
export const OUTCOMES = ["committed", "rolled-back", "refused", "cancelled", "superseded", "stuck-resolved"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The specification's states of the loop (`self-updating-loop` §1.2). Always a fold over the journal, never stored. */
export const LOOP_STATES = [
  "idle",
  "detecting",
  "analyzing",
  "validating",
  "staging",
  "approving",
  "applying",
  "verifying",
  "committing",
  "rolling_back",
  "error",
] as const;
export type LoopState = (typeof LOOP_STATES)[number];

export const STEP_STATES = ["ahead", "running", "waiting", "done", "failed", "undoing", "undone", "skipped"] as const;

/** What a step found out, as it was measured. A refusal has it too: there it matters most. */
export const stepEvidence = z.object({
  confinement: confinedBy.optional().describe("In which sandbox its jobs ran, and what of their least was not enforced"),
  stages: z.array(stageResult).optional().describe("Of the validation"),
  rehearsal: rehearsalReport.optional(),
  health: z.array(healthCheckResult).optional().describe("Checks before or after the exchange"),
  observation: observationEvidence.optional().describe("The last look at it in service"),
  decision: decisionEvidence.optional().describe("Whether it may proceed, and what that hung on"),
});
export type StepEvidence = z.output<typeof stepEvidence>;

export const updateView = z.object({
  id: z.string().describe("The update's id"),
  kind: z.string(),
  versionFrom: z.string().nullable(),
  versionTo: z.string(),
  releaseFrom: z.string().nullable(),
  releaseTo: z.string().nullable().describe("The release that the update makes; null until it is staged"),
  commit: z.string(),
  origin: origin.nullable().describe("Who vouches for it; null where it was not brought from a source"),
  state: z.enum(LOOP_STATES),
  outcome: z.enum(OUTCOMES).nullable().describe("Null while it is under way"),
  because: z.string().describe("Why it ended so, or what it is waiting for, in words"),
  code: z.string().nullable().describe("The error code, where something failed"),
  startedAt: z.string(),
  endedAt: z.string().nullable(),
  exchangeMs: z.number().nullable().describe("How long the exchange took, by the wall clock; null where there was none"),
  rollbackMs: z.number().nullable().describe("From the decision to go back until the old version served again"),
  steps: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      state: z.enum(STEP_STATES),
      because: z.string(),
      startedAt: z.string().nullable(),
      endedAt: z.string().nullable(),
      evidence: stepEvidence.nullable().describe("What was measured; null where nothing was, and in lists"),
    }),
  ),
});
export type UpdateView = z.output<typeof updateView>;
export type StepState = (typeof STEP_STATES)[number];
