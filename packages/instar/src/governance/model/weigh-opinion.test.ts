import { MODEL_FAILURES, type ModelWord, OPINIONS, type Opinion, RISKS } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decisionSettings } from "../../settings/decision-settings.ts";
import { mostCautious, OUTCOMES } from "./combine-outcomes.ts";
import { weighOpinion } from "./weigh-opinion.ts";

const LIMITS = decisionSettings.parse({});
const GOOD: Opinion = {
  decision: "approve",
  confidence: 0.9,
  reasoning: "a patch of the parser",
  riskAssessment: { technical: "low", security: "minimal", performance: "medium", operational: "low" },
  recommendations: [],
};
const DIGEST = `sha256:${"0".repeat(64)}`;
const said = (parts: Partial<Opinion> = {}): ModelWord => ({
  kind: "said",
  opinion: { ...GOOD, ...parts },
  model: "anthropic claude",
  promptDigest: DIGEST,
  answerDigest: DIGEST,
  tookMs: 900,
  tokens: null,
});
const failed = (how: (typeof MODEL_FAILURES)[number]): ModelWord => ({
  kind: "failed",
  how,
  because: "no answer within 60 s",
  model: "anthropic claude",
  promptDigest: DIGEST,
  answerDigest: null,
  tookMs: 60_000,
});

describe("what a model's word comes to", () => {
  for (const [name, parts, asks, because] of [
    ["nothing where it approves with confidence and sees no high risk", {}, "nothing", "approves it with a confidence of 0.9: a patch of the parser"],
    ["nothing at the very threshold", { confidence: 0.85 }, "nothing", "0.85"],
    ["a person just below it", { confidence: 0.849 }, "approval", "confidence of 0.849 only; below 0.85 (decision.approveAbove)"],
    ["a person where a number is none", { confidence: Number.NaN }, "approval", "NaN"],
    [
      "a person where one risk is above the limit, however sure it is",
      { confidence: 1, riskAssessment: { ...GOOD.riskAssessment, security: "high" } },
      "approval",
      "sees a high security risk; above medium (decision.approvalAboveRisk)",
    ],
    ["a person where it defers", { decision: "defer", confidence: 1 }, "approval", "leaves it to a person"],
    ["a refusal where it rejects, however unsure it is", { decision: "reject", confidence: 0 }, "refusal", "rejects it: a patch"],
  ] as const satisfies readonly (readonly [string, Partial<Opinion>, string, string])[])
    it(`is ${name}`, () => expect(weighOpinion(said(parts), LIMITS)).toEqual({ asks, because: expect.stringContaining(because) }));

  for (const how of MODEL_FAILURES) {
    it(`is a person where it failed (${how})`, () =>
      expect(weighOpinion(failed(how), LIMITS)).toEqual({
        asks: "approval",
        because: `anthropic claude gave no usable answer (${how}): no answer within 60 s; a person decides`,
      }));
    it(`is a refusal where it failed (${how}) and instar.yaml says reject`, () =>
      expect(weighOpinion(failed(how), { ...LIMITS, onFailure: "reject" })).toMatchObject({ asks: "refusal", because: expect.stringContaining("onFailure") }));
  }

  it("stays one line in the terminal, whatever the model writes", () =>
    expect(weighOpinion(said({ reasoning: "fine\n\u001b[2J\u202eesrever" }), LIMITS).because).not.toMatch(/[\p{Cc}\u202e]/u));
});

const risk = fc.constantFrom(...RISKS);
const anyWord: fc.Arbitrary<ModelWord> = fc.oneof(
  fc
    .record({
      decision: fc.constantFrom(...OPINIONS),
      confidence: fc.oneof(fc.double({ min: 0.8, max: 1, noNaN: true }), fc.double()),
      reasoning: fc.string({ minLength: 1 }),
      riskAssessment: fc.record({ technical: risk, security: risk, performance: risk, operational: risk }),
      recommendations: fc.array(fc.string()),
    })
    .map((opinion) => said(opinion)),
  fc.constantFrom(...MODEL_FAILURES).map((how) => failed(how)),
);
const anyLimits = fc.record({
  approveAbove: fc.double({ min: 0, max: 1, noNaN: true }),
  approvalAboveRisk: risk,
  onFailure: fc.constantFrom("defer", "reject"),
} as const);

describe("a model", () => {
  it("never loosens what the policy says, whatever it answers and whatever instar.yaml sets", () =>
    fc.assert(
      fc.property(fc.constantFrom(...OUTCOMES), anyWord, anyLimits, (policy, word, limits) => {
        const outcome = mostCautious(policy, weighOpinion(word, limits).asks);
        expect(OUTCOMES.indexOf(outcome)).toBeGreaterThanOrEqual(OUTCOMES.indexOf(policy));
      }),
    ));

  it("lets an update proceed only by an approval that is sure enough and sees no risk above the limit", () =>
    fc.assert(
      fc.property(fc.constantFrom(...OUTCOMES), anyWord, anyLimits, (policy, word, limits) => {
        if (mostCautious(policy, weighOpinion(word, limits).asks) !== "proceed") return;
        expect(policy).toBe("proceed");
        if (word.kind !== "said") throw new Error("a failure let it proceed");
        expect(word.opinion.decision).toBe("approve");
        expect(word.opinion.confidence).toBeGreaterThanOrEqual(limits.approveAbove);
        for (const seen of Object.values(word.opinion.riskAssessment)) expect(RISKS.indexOf(seen)).toBeLessThanOrEqual(RISKS.indexOf(limits.approvalAboveRisk));
      }),
    ));

  it("can always make it more cautious", () => {
    for (const policy of OUTCOMES) expect(mostCautious(policy, "refusal")).toBe("refused");
    expect(OUTCOMES.map((policy) => mostCautious(policy, "approval"))).toEqual(["approval", "approval", "refused"]);
    expect(OUTCOMES.map((policy) => mostCautious(policy, "nothing"))).toEqual([...OUTCOMES]);
  });
});
