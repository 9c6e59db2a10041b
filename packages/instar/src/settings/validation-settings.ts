import { TEST_RUNNERS } from "@instar/protocol";
import { z } from "zod";
import { command, duration, relativePath, size } from "./setting-values.ts";

export const jobSettings = z.strictObject({ command, within: duration.prefault("10m") });

/** How a run of tests is understood; shared by `tests` and the stages that have a command. */
const understood = {
  runner: z
    .enum(["auto", ...TEST_RUNNERS, "exit-status"])
    .default("auto")
    .describe("Whose report is read; auto: told by the command and package.json; exit-status: nothing but how it ends counts"),
  report: relativePath.optional().describe("A report that the command writes itself: JUnit XML or TAP, inside the repository"),
  coverage: z.number().min(0).max(100).optional().describe("Percent of lines that must be covered; a run without a coverage report then does not pass"),
  retries: z.int().min(0).max(5).default(1).describe("How often tests that failed are run again; one that then passes is called flaky"),
  flaky: z.enum(["reported", "refused"]).default("reported"),
  leftBehind: z
    .enum(["refused", "reported"])
    .default("refused")
    .describe("What is made of tests that pass and leave processes running; they are ended in any case"),
};

export const testSettings = jobSettings.extend({
  ...understood,
  freeMemory: size.prefault("96MiB").describe("So much memory must be free before tests run beside the agent: a second copy of its code runs there"),
});

const gate = z.enum(["required", "advisory", "off"]);
/** A stage with a built-in part may have a command too; both must pass then. */
const stage = (within: string, standard: z.input<typeof gate>) =>
  z.strictObject({ command: command.optional(), within: duration.prefault(within), gate: gate.default(standard), ...understood }).prefault({});

/** The stages of `self-updating-loop` §7.1 with its budgets (§7.2). */
export const validationSettings = z.strictObject({
  syntax: stage("5m", "required").describe("Built in: every changed file parses"),
  static_analysis: stage("5m", "advisory").describe("Built in: types, style, imports and complexity, as analysis.checks says"),
  unit_tests: stage("5m", "required").describe("Usually written as `tests`"),
  integration_tests: stage("10m", "required"),
  smoke_tests: stage("2m", "required").describe("Built in: the rehearsal's start"),
  performance_tests: stage("5m", "advisory").describe("Built in: the rehearsal's comparison"),
  security_scan: stage("5m", "advisory").describe("Built in: dangerous calls, secrets, and concerns about dependencies"),
  oldTests: z
    .enum(["auto", "required", "reported", "off"])
    .default("auto")
    .describe("The running version's tests against the candidate; auto: required where the change weakens tests, else reported"),
  parallel: z.int().min(1).max(16).default(2).describe("How many stages run at the same time"),
  cache: z.boolean().default(true).describe("A stage that passed is not run again on the very same release, command and sandbox"),
});

/** A check of the operator's own, before or after an exchange. */
export const healthCheckCommand = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, "must be lower-case letters, digits, _ and -"),
  run: command,
  within: duration.prefault("30s"),
  gate: z.enum(["required", "advisory"]).default("required"),
});
