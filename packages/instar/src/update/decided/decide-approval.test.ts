import { describe, expect, it } from "vitest";
import type { Approval } from "../../governance/approvals/approval.ts";
import { HARMLESS_UPDATE, PLAIN_CONTEXT } from "../../governance/policy/harmless-update.ts";
import { readPolicySet } from "../../governance/policy/policy-set.ts";
import { type ApprovalQuestion, decideApproval } from "./decide-approval.ts";
import type { DecisionRecord } from "./decision-record.ts";

const shipped = readPolicySet([], { shipped: true });
const HIGH = { facts: { ...HARMLESS_UPDATE, impactLevel: "high" as const }, model: null };
const HARMLESS = { facts: HARMLESS_UPDATE, model: null };
const ada: Approval = {
  by: "ada",
  token: "t",
  role: "approver",
  digest: "d",
  policy: "rules",
  because: "",
  untilTickMs: 1_000_000,
  untilAt: "2026-12-01T00:00:00Z",
};
const ask = (parts: Partial<ApprovalQuestion> = {}, decided: Pick<DecisionRecord, "facts" | "model"> = HIGH, set = shipped) => {
  const question: ApprovalQuestion = {
    context: PLAIN_CONTEXT,
    policies: "kept",
    rules: "rules",
    digest: "d",
    approvals: [],
    revoked: [],
    update: "u1",
    passkeys: [],
    rejected: null,
    waitedMs: 0,
    waitForMs: 10_000,
    nowTickMs: 5_000,
    nowWallMs: Date.parse("2026-11-29T00:00:00Z"),
    ...parts,
  };
  const { record, waitsFor, code } = decideApproval(question, decided, set);
  return { comesTo: record.comesTo, because: record.because, waitsFor, code };
};
/** One that was asked and gave no usable answer: a person is asked. */
function askedModel(): DecisionRecord["model"] {
  const digest = `sha256:${"a".repeat(64)}`;
  const word = { kind: "failed" as const, how: "timeout" as const, because: "x", model: "m", promptDigest: digest, answerDigest: null, tookMs: 1 };
  return { engine: "hybrid", limits: { approveAbove: 0.85, approvalAboveRisk: "medium", onFailure: "defer" }, word };
}
const frozen = { ...PLAIN_CONTEXT, calendar: { frozen: true, outsideWindows: false } };

describe("whether an update that was decided upon may be exchanged now", () => {
  it("goes on where nobody's word is needed", () => expect(ask({}, HARMLESS)).toMatchObject({ comesTo: "passed", because: "nobody's word is needed" }));
  it("waits for a person, and goes on with his word", () => {
    expect(ask()).toMatchObject({ comesTo: "wait", waitsFor: "approval" });
    expect(ask({ approvals: [ada] })).toMatchObject({ comesTo: "passed", because: "ada approved it" });
  });
  it("ends with one rejection, however many approve it", () =>
    expect(ask({ approvals: [ada, { ...ada, by: "bob" }], rejected: { by: "eve", because: "no" } })).toMatchObject({
      comesTo: "refused",
      code: "REJECTED",
      because: "eve rejected it: no",
    }));
  it("ends when its time is over, and time alone lets nothing on", () => {
    expect(ask({ waitedMs: 9_999 }).comesTo).toBe("wait");
    expect(ask({ waitedMs: 10_000 })).toMatchObject({ comesTo: "refused", code: "NOT_APPROVED" });
    expect(ask({ waitedMs: 10_000, approvals: [ada] }).comesTo).toBe("passed");
    expect(ask({ waitedMs: 1e12, context: frozen }, HARMLESS)).toMatchObject({ comesTo: "wait", waitsFor: "window" });
  });
  it("is refused by policies that changed since, whoever approved it", () => {
    const never = readPolicySet(
      [{ file: "own.cedar", text: `@id("never") @because("not this week") forbid (principal, action == Instar::Action::"proceedWithApproval", resource);` }],
      { shipped: true },
    );
    expect(ask({ approvals: [ada] }, HIGH, never)).toMatchObject({
      comesTo: "refused",
      code: "POLICY_DENIED",
      because: expect.stringContaining("not this week [never]"),
    });
  });
  it("waits while the policies have a mistake: that is not the candidate's", () =>
    expect(ask({ approvals: [ada] }, HIGH, readPolicySet([{ file: "own.cedar", text: "oh" }], { shipped: true }))).toMatchObject({
      comesTo: "wait",
      waitsFor: "operator",
    }));
  it("takes approvals in a freeze, and then waits for its end", () => {
    expect(ask({ context: frozen })).toMatchObject({ comesTo: "wait", waitsFor: "approval" });
    expect(ask({ context: frozen, approvals: [ada] })).toMatchObject({ comesTo: "wait", waitsFor: "window", because: expect.stringContaining("in a freeze") });
  });
  it("counts only what a passkey signed where a policy or instar.yaml wants that, and says so", () => {
    const wanting = readPolicySet(
      [{ file: "own.cedar", text: `@id("signed") @passkey("required") permit (principal, action == Instar::Action::"proceedWithApproval", resource);` }],
      { shipped: true },
    );
    const strict = { ...PLAIN_CONTEXT, settings: { ...PLAIN_CONTEXT.settings, passkey: true as const } };
    for (const [context, set] of [
      [PLAIN_CONTEXT, wanting],
      [strict, shipped],
    ] as const) {
      expect(ask({ context }, HIGH, set)).toMatchObject({ comesTo: "wait", because: expect.stringContaining("with a passkey. Open the console") });
      expect(ask({ context, approvals: [ada] }, HIGH, set)).toMatchObject({ comesTo: "wait", because: expect.stringContaining("no passkey signed it") });
      expect(ask({ context }, HARMLESS, set)).toMatchObject({ comesTo: "passed" });
      expect(ask({ context: { ...context, calendar: frozen.calendar }, approvals: [ada] }, HIGH, set)).toMatchObject({ comesTo: "wait", waitsFor: "approval" });
      const doubtful = { ...HARMLESS, model: askedModel() };
      expect(ask({ context, approvals: [ada] }, doubtful, set)).toMatchObject({ comesTo: "wait", because: expect.stringContaining("no passkey signed it") });
    }
    expect(ask({ approvals: [ada] })).toMatchObject({ comesTo: "passed" });
  });
  it("waits for people where only a model asked for them", () => {
    const asked = { facts: HARMLESS_UPDATE, model: askedModel() };
    expect(ask({}, asked)).toMatchObject({ comesTo: "wait", waitsFor: "approval" });
    expect(ask({ approvals: [ada] }, asked).comesTo).toBe("passed");
    expect(ask({ approvals: [ada], context: { ...PLAIN_CONTEXT, settings: { ...PLAIN_CONTEXT.settings, quorum: 2 } } }, asked).comesTo).toBe("wait");
  });
});
