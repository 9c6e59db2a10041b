import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ImpactReport } from "@instar/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Documents } from "../../database/documents.ts";
import { openDatabase } from "../../database/open-database.ts";
import { readPolicySet } from "../../governance/policy/policy-set.ts";
import { systemClock } from "../../platform/clock.ts";
import { settingsSchema } from "../../settings/settings.ts";
import { foldAnswers } from "../fold-answers.ts";
import type { Step, StepContext } from "../step.ts";
import type { StepRooms } from "../step-rooms.ts";
import { START } from "../tell-journal.testing.ts";
import { decideAtOnceStep, decideStep, recordIn } from "./decide.ts";

const list = { total: 0, first: [] };
const impact = (impactLevel: ImpactReport["impactLevel"]) => ({
  ...{ updateType: "patch", bump: "patch", impactLevel, impactBecause: "so it is", requiresReview: false, risk: "low", score: 5, factors: [] },
  files: { changed: 1, added: 0, deleted: 0, addedLines: 1, deletedLines: 0, sample: ["a.js"] },
  modules: { total: 1, directly: list, indirectly: list, unexplained: list, isEverything: false },
  components: { directly: list, indirectly: list },
  ...{ entryPoints: list, requiredTests: list, estimatedTestMs: null, touches: list, dependencies: list, checks: [], conflicts: [], recommendations: [] },
  rollback: { complexity: "simple", because: "one file", estimatedMs: null },
});

describe("the step that decides", () => {
  let folder: string;
  let own: string;
  let rooms: StepRooms;
  let close: () => void;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "instar-decide-"));
    own = "";
    const database = openDatabase(join(folder, "instar.db"));
    close = () => database.close();
    rooms = {
      settings: settingsSchema.parse({ version: 1, name: "demo", source: { git: "/nowhere" }, agent: { start: ["true"], port: "none" } }),
      folder,
      stateDirectory: null,
      releases: { verify: async () => ({ kind: "intact" }), readRecord: async () => undefined },
      readPolicies: async () => readPolicySet(own === "" ? [] : [{ file: "own.cedar", text: own }], { shipped: true }),
      documents: new Documents(database),
      source: { readCommit: async () => ({ authors: ["Ada"], changes: ["one"] }) },
      lessons: () => [],
      clock: systemClock,
    } as unknown as StepRooms;
  });
  afterEach(() => {
    close();
    rmSync(folder, { recursive: true });
  });
  const run = (step: (rooms: StepRooms) => Step, level: ImpactReport["impactLevel"], given: Record<string, unknown> = {}) =>
    step(rooms).apply({
      update: "u",
      start: { ...START, trigger: "found", actor: { type: "system", id: "daemon" }, releaseFrom: null },
      given: {
        release: "r",
        tests: "pass",
        testsBecause: "3 tests passed",
        impact: impact(level),
        rehearsalVerdict: "pass",
        rehearsalBecause: "nothing got worse",
        ...given,
      },
      noted: {},
      answers: foldAnswers([]),
      tickMs: () => 0,
      signal: new AbortController().signal,
      say: () => undefined,
    } as unknown as StepContext);

  it("writes down what it went by, the policies' texts too", async () => {
    const result = await run(decideStep, "low");
    const record = result.kind === "done" ? recordIn(result.gives) : undefined;
    expect(record).toMatchObject({ comesTo: "proceed", facts: { impactLevel: "low", authors: ["Ada"] }, policy: { policies: ["small-steps"] } });
    expect(rooms.documents.read(record?.policies ?? "")).toContain("critical-needs-a-person");
  });
  it("lets what waits for people on to the step that waits for them", async () =>
    expect(await run(decideStep, "high")).toMatchObject({ kind: "done", gives: { comesTo: "approval" } }));
  it("waits while the policies have a mistake", async () => {
    own = "permit (oh);";
    expect(await run(decideStep, "low")).toMatchObject({ kind: "waiting", waitsFor: "operator" });
  });
  it("refuses with the whole record where a policy does", async () => {
    own = `@id("never") forbid (principal, action in [Instar::Action::"proceed", Instar::Action::"proceedWithApproval"], resource);`;
    const result = await run(decideStep, "low");
    expect(result).toMatchObject({ kind: "refused", code: "POLICY_DENIED", evidence: { comesTo: "refused" } });
    expect(result.kind === "refused" && recordIn(result.evidence ?? {})?.policy.policies).toEqual(["never"]);
  });
  it("asks no policy where tests did not pass", async () =>
    expect(await run(decideStep, "low", { tests: "nodata" })).toMatchObject({ kind: "refused", code: "VALIDATION_FAILED" }));
  it("of an update that an older Instar began, which has no step that waits, refuses what would wait, and lets go what proceeds", async () => {
    expect(await run(decideAtOnceStep, "high")).toMatchObject({ kind: "refused", code: "POLICY_DENIED" });
    expect(await run(decideAtOnceStep, "low")).toMatchObject({ kind: "done", gives: { comesTo: "proceed" } });
  });
});
