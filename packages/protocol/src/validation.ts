import { z } from "zod";
import { VERDICTS } from "./verdict.ts";

/** The stages of `self-updating-loop` §7.1, in their order. */
export const VALIDATION_STAGES = ["syntax", "static_analysis", "unit_tests", "integration_tests", "smoke_tests", "performance_tests", "security_scan"] as const;
export type ValidationStage = (typeof VALIDATION_STAGES)[number];

export const TEST_RUNNERS = ["node", "vitest", "jest", "mocha", "pytest", "unittest", "behave", "tap", "junit"] as const;
export type TestRunner = (typeof TEST_RUNNERS)[number];

const counts = z.object({ total: z.int(), passed: z.int(), failed: z.int(), skipped: z.int() });
export type TestCounts = z.output<typeof counts>;

export const stageResult = z.object({
  stage: z.string().describe("One of the seven, or old_tests: the running version's tests against the candidate"),
  verdict: z.enum(VERDICTS),
  gate: z.enum(["required", "advisory", "off"]),
  because: z.string(),
  runner: z.enum([...TEST_RUNNERS, "exit-status", "built-in"]).nullable(),
  counts: counts.nullable().describe("From the runner's own report; null where there is none"),
  coverage: z.number().nullable().describe("Percent of lines"),
  failing: z.array(z.string()).describe("Names of tests that failed, the first fifty"),
  flaky: z.array(z.string()).describe("Names of tests that failed and then passed"),
  durationMs: z.number(),
  cached: z.boolean(),
});
export type StageResult = z.output<typeof stageResult>;
