import { describe, expect, it } from "vitest";
import { applyGates } from "./apply-gates.ts";
import type { TriggerFinding } from "./trigger-finding.ts";

const finding = (gate: TriggerFinding["gate"], trigger: TriggerFinding["trigger"] = "memory_growth"): TriggerFinding => ({
  trigger,
  gate,
  verdict: "fail",
  because: "it grows",
  statistic: null,
  bound: null,
  threshold: 1,
  samples: 1,
  nextLookMs: 5_000,
  raisedAtTickMs: null,
});
const gatesOf = (findings: readonly TriggerFinding[]) => findings.map(({ gate }) => gate);

describe("the operator's word on a trigger", () => {
  it("leaves findings as they are where nothing is said", () =>
    expect(gatesOf(applyGates([finding("rollback"), finding("pause")]))).toEqual(["rollback", "pause"]));
  it("makes of each what the operator wants", () => {
    expect(gatesOf(applyGates([finding("rollback"), finding("pause")], { memory_growth: "report" }))).toEqual(["report", "report"]);
    expect(gatesOf(applyGates([finding("pause")], { memory_growth: "rollback" }))).toEqual(["rollback"]);
  });
  it("makes nothing of what is only said: an alarm that a person saw stays seen", () =>
    expect(gatesOf(applyGates([finding("report")], { memory_growth: "rollback" }))).toEqual(["report"]));
  it("leaves out what is off, and nothing else", () =>
    expect(applyGates([finding("rollback"), finding("rollback", "crash_loop")], { memory_growth: "off" })).toEqual([finding("rollback", "crash_loop")]));
});
