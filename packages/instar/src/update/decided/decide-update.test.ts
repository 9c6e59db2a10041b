import { type ModelWord, RISKS } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HARMLESS_UPDATE, PLAIN_CONTEXT } from "../../governance/policy/harmless-update.ts";
import { readPolicySet } from "../../governance/policy/policy-set.ts";
import type { UpdateFacts } from "../../governance/policy/update-facts.ts";
import { codeOfRefusal, type DecisionQuestion, decideUpdate } from "./decide-update.ts";
import { decisionRecord } from "./decision-record.ts";

const set = readPolicySet([], { shipped: true });
const digest = `sha256:${"a".repeat(64)}`;
const word = (decision: "approve" | "reject" | "defer", confidence: number, risk: (typeof RISKS)[number] = "low"): ModelWord => ({
  kind: "said",
  opinion: {
    decision,
    confidence,
    reasoning: "I read it",
    riskAssessment: { technical: risk, security: risk, performance: risk, operational: risk },
    recommendations: [],
  },
  model: "a model",
  promptDigest: digest,
  answerDigest: digest,
  tookMs: 1,
  tokens: null,
});
const silent: ModelWord = {
  kind: "failed",
  how: "timeout",
  because: "no answer within 60 s",
  model: "a model",
  promptDigest: digest,
  answerDigest: null,
  tookMs: 60_000,
};
const limits = { approveAbove: 0.85, approvalAboveRisk: "medium", onFailure: "defer" } as const;
const decide = (facts: Partial<UpdateFacts> = {}, said: ModelWord | null = null, parts: Partial<DecisionQuestion> = {}) =>
  decideUpdate(
    {
      version: "1.0.0 to 1.0.1",
      facts: { ...HARMLESS_UPDATE, ...facts },
      impactBecause: "one file",
      gates: "3 tests passed",
      rehearsal: "the rehearsal: pass, nothing got worse",
      context: PLAIN_CONTEXT,
      policies: digest,
      model: said === null ? null : { engine: "model", limits, word: said },
      ...parts,
    },
    set,
  );
const byHand = { startedBy: "user", trigger: "by-hand", starter: "ada" } as const;

describe("the decision on an update", () => {
  it("is one paragraph that says what it is, what was measured, who said what, and what it comes to", () => {
    expect(decide().because).toBe(
      "1.0.0 to 1.0.1: a patch step, found upstream, of low impact (one file) and low risk (10 of 100). 3 tests passed. The rehearsal: pass, nothing got worse. The policies let it proceed: it is a step that instar.yaml lets proceed by itself, and its impact and risk ask for nobody [small-steps]. So it proceeds.",
    );
    expect(decide({ impactLevel: "critical", lessons: 2 }, word("approve", 1)).because).toBe(
      "1.0.0 to 1.0.1: a patch step, found upstream, of critical impact (one file) and low risk (10 of 100). 3 tests passed. The rehearsal: pass, nothing got worse. A change like it went wrong before, 2 times. The policies ask for the word of one person: a critical change never goes on by itself, whatever its type [critical-needs-a-person]. A model approves it with a confidence of 1: I read it. So it waits for approval.",
    );
  });
  for (const [name, facts, said, comesTo] of [
    ["proceeds where policy and model agree", {}, word("approve", 0.9), "proceed"],
    ["waits where the model is not sure", {}, word("approve", 0.84), "approval"],
    ["waits where the model sees a high risk", {}, word("approve", 0.99, "high"), "approval"],
    ["waits where the model defers", {}, word("defer", 0.9), "approval"],
    ["is no where the model rejects it", {}, word("reject", 0.1), "refused"],
    ["waits where the model says nothing", {}, silent, "approval"],
    ["waits for people whatever the model approves", { impactLevel: "critical" }, word("approve", 1, "minimal"), "approval"],
    ["is no where the policies refuse, whatever the model approves", { tests: "fail" }, word("approve", 1, "minimal"), "refused"],
    ["asks for a word where a person started it and the model rejects it: people come before models", byHand, word("reject", 1), "approval"],
    ["is no where an agent proposed it and the model rejects it", { startedBy: "agent", starter: "claw" }, word("reject", 1), "refused"],
  ] as const satisfies readonly (readonly [string, Partial<UpdateFacts>, ModelWord | null, string])[])
    it(name, () => expect(decide(facts, said).comesTo).toBe(comesTo));

  it("says whose no it was", () => {
    expect(codeOfRefusal(decide({ tests: "fail" }))).toBe("POLICY_DENIED");
    expect(codeOfRefusal(decide({}, word("reject", 1)))).toBe("MODEL_REJECTED");
    const broken = readPolicySet([{ file: "own.cedar", text: "oh" }], { shipped: true });
    expect(codeOfRefusal(decideUpdate({ ...decide(), model: null }, broken))).toBe("POLICY_INVALID");
  });

  it("can be written down, read back and made again, word for word", () => {
    for (const record of [
      decide(),
      decide({ impactLevel: "high" }, silent),
      decide({}, word("approve", 0.9), { context: { ...PLAIN_CONTEXT, calendar: { frozen: true, outsideWindows: false } } }),
    ]) {
      const read = decisionRecord.parse(JSON.parse(JSON.stringify(record)));
      const { policy: _, comesTo: __, because: ___, ...question } = read;
      expect(decideUpdate(question, readPolicySet([], { shipped: true }))).toEqual(record);
    }
  });

  it("is never less cautious with a model than without one, whatever it says", () => {
    const order = ["proceed", "later", "approval", "refused"];
    const anyWord = fc.oneof(
      fc
        .record({
          decision: fc.constantFrom("approve" as const, "reject" as const, "defer" as const),
          confidence: fc.double({ min: 0, max: 1, noNaN: true }),
          risk: fc.constantFrom(...RISKS),
        })
        .map((each) => word(each.decision, each.confidence, each.risk)),
      fc.constant(silent),
    );
    const anyFacts = fc.record({
      impactLevel: fc.constantFrom("low" as const, "medium" as const, "high" as const, "critical" as const),
      risk: fc.constantFrom(...RISKS),
      tests: fc.constantFrom("pass" as const, "fail" as const),
      startedBy: fc.constantFrom("system" as const, "user" as const, "agent" as const),
    });
    fc.assert(
      fc.property(anyFacts, anyWord, (facts, said) => {
        expect(order.indexOf(decide(facts, said).comesTo)).toBeGreaterThanOrEqual(order.indexOf(decide(facts).comesTo));
      }),
    );
  });
});
