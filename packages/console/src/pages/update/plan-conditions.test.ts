import type { StepEvidence, UpdateView } from "@instar/protocol";
import { expect, test } from "vitest";
import { planConditions } from "./plan-conditions.ts";

const step = (id: string, evidence: StepEvidence | null): UpdateView["steps"][number] => ({
  id,
  title: id,
  state: "done",
  because: "",
  startedAt: null,
  endedAt: null,
  evidence,
});
const stage = (name: string, gate: "required" | "advisory", verdict: "pass" | "nodata") => ({
  stage: name,
  verdict,
  gate,
  because: `${name} said so`,
  runner: null,
  counts: null,
  coverage: null,
  failing: [],
  flaky: [],
  durationMs: 1,
  cached: false,
});

test("what must hold is listed with its verdict, what only advises is not, and never measured is no pass", () => {
  const found = planConditions([
    step("fetch", null),
    step("validate", { stages: [stage("unit_tests", "required", "nodata"), stage("security_scan", "advisory", "pass")] }),
  ]);
  expect(found).toEqual([{ what: "unit tests", verdict: "nodata", because: "unit_tests said so" }]);
});

test("waiting for people is not enough yet, and neither passed nor failed", () => {
  const decision = (comesTo: "proceed" | "approval" | "later" | "refused"): StepEvidence => ({
    decision: { comesTo, facts: {}, policies: "", policy: { kind: comesTo, policies: [], because: "so" }, model: null },
  });
  const verdicts = (["proceed", "approval", "later", "refused"] as const).map((each) => planConditions([step("decide", decision(each))])[0]?.verdict);
  expect(verdicts).toEqual(["pass", "insufficient", "insufficient", "fail"]);
});
