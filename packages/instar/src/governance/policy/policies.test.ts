import { BUMPS, IMPACT_LEVELS, NEEDS, needOf, OPERATIONS, type Operation, ORIGINS, RISKS, ROLES, TOUCH_KINDS, UPDATE_TYPES, VERDICTS } from "@instar/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { askPolicies } from "./ask-policies.ts";
import { decideProceeding } from "./decide-proceeding.ts";
import { HARMLESS_UPDATE, PLAIN_CONTEXT } from "./harmless-update.ts";
import { planAnswerRequest, planOperationRequest, planProceedRequest } from "./policy-request.ts";
import { parsePolicySet, readPolicySet } from "./policy-set.ts";
import { SHIPPED_POLICIES } from "./shipped-policies.ts";
import type { UpdateFacts } from "./update-facts.ts";

const shipped = readPolicySet([], { shipped: true });
const withOwn = (text: string, options = { shipped: true }) => readPolicySet([{ file: "own.cedar", text }], options);
const decide = (facts: Partial<UpdateFacts>, set = shipped, context = PLAIN_CONTEXT) => decideProceeding(set, { ...HARMLESS_UPDATE, ...facts }, context);
const may = (role: (typeof ROLES)[number], operation: string, set = shipped) =>
  askPolicies(set, planOperationRequest({ name: "ada", role }, operation)).isAllowed;
const answers = (role: (typeof ROLES)[number], context = {}, set = shipped) =>
  askPolicies(set, planAnswerRequest({ name: "ada", role }, "update.approve", HARMLESS_UPDATE, { isAuthor: false, isStarter: false, others: 1, ...context }))
    .isAllowed;

/** All that can be permitted, in two policies of which neither permits it alone. */
const PERMITS_MUCH = `@id("updates") permit (principal, action in [Instar::Action::"proceed", Instar::Action::"proceedWithApproval"], resource);
@id("people") permit (principal, action in [${NEEDS.map((need) => `Instar::Action::"${need}"`).join(", ")}], resource);`;

const anyFacts: fc.Arbitrary<UpdateFacts> = fc.record({
  kind: fc.constant("code" as const),
  trigger: fc.constantFrom("found", "by-hand", "first"),
  startedBy: fc.constantFrom("system", "user", "agent"),
  starter: fc.string({ minLength: 1 }),
  updateType: fc.constantFrom(...UPDATE_TYPES),
  bump: fc.constantFrom(...BUMPS),
  impactLevel: fc.constantFrom(...IMPACT_LEVELS),
  risk: fc.constantFrom(...RISKS),
  score: fc.double({ min: 0, max: 100, noNaN: true }),
  touches: fc.subarray([...TOUCH_KINDS]),
  weakens: fc.subarray([...TOUCH_KINDS]),
  dependencies: fc.nat(500),
  installScripts: fc.boolean(),
  failedChecks: fc.subarray(["syntax", "types"]),
  tests: fc.constantFrom(...VERDICTS),
  rehearsal: fc.constantFrom(...VERDICTS, "off"),
  isConfined: fc.boolean(),
  untested: fc.boolean(),
  quarantined: fc.boolean(),
  lessons: fc.nat(5),
  origin: fc.constantFrom(...ORIGINS),
  originBy: fc.constantFrom("", "ada@example.org"),
  authors: fc.array(fc.string()),
});

describe("where somebody must vouch for a version", () => {
  const asking = (...accepts: string[]) => ({ ...PLAIN_CONTEXT, settings: { ...PLAIN_CONTEXT.settings, accepts } });
  it.each<[string, Partial<UpdateFacts>, string[], string]>([
    ["what the settings name goes on", { origin: "ssh" }, ["ssh"], "proceed"],
    ["and one of several of them", { origin: "tuf" }, ["ssh", "tuf"], "proceed"],
    ["anybody's goes on where none is among them", { origin: "none" }, ["ssh", "none"], "proceed"],
    ["nobody's is refused", { origin: "none" }, ["ssh"], "refused"],
    ["somebody else's is refused", { origin: "openpgp" }, ["ssh"], "refused"],
    ["an agent's own is refused", { origin: "self", startedBy: "agent", starter: "claw" }, ["ssh"], "refused"],
    ["an agent's own goes on where it is named", { origin: "self", startedBy: "agent", starter: "claw" }, ["ssh", "self"], "proceed"],
    ["what a person names waits for an approval", { origin: "none", startedBy: "user", starter: "ada", trigger: "by-hand" }, ["ssh"], "approval"],
    ["the first version is a person's word", { origin: "none", startedBy: "user", starter: "ada", trigger: "first" }, ["ssh"], "proceed"],
  ])("%s", (_, facts, accepts, outcome) => expect(decide(facts, shipped, asking(...accepts)).kind).toBe(outcome));

  it("no policy of the operator's own loosens it", () => expect(decide({ origin: "none" }, withOwn(PERMITS_MUCH), asking("ssh")).kind).toBe("refused"));
});

describe("which update may proceed", () => {
  // Under other names: under their own they count as validated.
  it("is decided by policies without a mistake", () =>
    expect(parsePolicySet(Object.entries(SHIPPED_POLICIES).map(([name, text]) => ({ file: `checked-${name}`, text }))).problems).toEqual([]));
  it("takes nothing for Instar's own by its name alone", () => {
    const [name, text] = Object.entries(SHIPPED_POLICIES)[0] ?? ["", ""];
    const changed = text.replace("resource.impactRank < 3", "resource.impactRankk < 3");
    expect(parsePolicySet([{ file: `instar:${name}`, text: changed }])).toMatchObject({ isSound: false, problems: [{ file: `instar:${name}` }] });
  });
  for (const [name, facts, outcome, policy] of [
    ["a patch of low impact goes by itself", {}, "proceed", "small-steps"],
    ["so does one of medium impact and risk", { impactLevel: "medium", risk: "medium" }, "proceed", "small-steps"],
    ["high impact waits for a person", { impactLevel: "high" }, "approval", "with-approval"],
    ["so does high risk", { risk: "high" }, "approval", "with-approval"],
    ["a larger step than instar.yaml lets go waits", { bump: "minor" }, "approval", "with-approval"],
    ["so does a step down", { bump: "downgrade" }, "approval", "with-approval"],
    ["critical impact waits", { impactLevel: "critical" }, "approval", "critical-needs-a-person"],
    ["critical risk waits", { risk: "critical" }, "approval", "critical-needs-a-person"],
    ["a critical security fix waits like any other", { impactLevel: "critical", updateType: "security" }, "approval", "critical-needs-a-person"],
    ["a critical hotfix too", { impactLevel: "critical", updateType: "hotfix" }, "approval", "critical-needs-a-person"],
    [
      "what a person started, a person has looked at",
      { startedBy: "user", trigger: "by-hand", impactLevel: "high", bump: "major" },
      "proceed",
      "started-by-a-person",
    ],
    ["but a critical one waits all the same", { startedBy: "user", trigger: "by-hand", impactLevel: "critical" }, "approval", "critical-needs-a-person"],
    ["the first version proceeds", { trigger: "first", bump: "first", impactLevel: "critical", tests: "nodata" }, "proceed", "first-version"],
    ["an agent's own small step goes by itself", { startedBy: "agent", trigger: "by-hand" }, "proceed", "small-steps-of-an-agent"],
    ["its larger step waits", { startedBy: "agent", trigger: "by-hand", bump: "major" }, "approval", "with-approval"],
    ["its step that touches a test waits", { startedBy: "agent", trigger: "by-hand", touches: ["tests"] }, "approval", "with-approval"],
    ["its step that touches what judges it waits", { startedBy: "agent", trigger: "by-hand", touches: ["ci"] }, "approval", "with-approval"],
    ["tests that failed are no pass for anybody", { tests: "fail" }, "refused", "tests-were-passed"],
    ["what was never measured is none either", { tests: "nodata" }, "refused", "tests-were-passed"],
    ["unless a person said so by hand", { tests: "nodata", untested: true, startedBy: "user", trigger: "by-hand" }, "proceed", "started-by-a-person"],
    ["an agent cannot say so", { tests: "nodata", untested: true, startedBy: "agent", trigger: "by-hand" }, "refused", "an-agent-lowers-no-gate"],
    ["an agent cannot bring back what misbehaved", { quarantined: true, startedBy: "agent", trigger: "by-hand" }, "refused", "an-agent-lowers-no-gate"],
  ] as const satisfies readonly (readonly [string, Partial<UpdateFacts>, string, string])[])
    it(name, () => {
      const said = decide(facts);
      expect([said.kind, said.policies]).toEqual([outcome, expect.arrayContaining([policy])]);
    });

  it("waits for a window or the end of a freeze, and people first where they are asked", () => {
    const frozen = { ...PLAIN_CONTEXT, calendar: { frozen: true, outsideWindows: false } };
    const outside = { ...PLAIN_CONTEXT, calendar: { frozen: false, outsideWindows: true } };
    expect(decide({}, shipped, frozen)).toMatchObject({ kind: "later", afterwards: "proceed", policies: ["not-in-a-freeze"] });
    expect(decide({ impactLevel: "high" }, shipped, outside)).toMatchObject({
      kind: "later",
      afterwards: "approval",
      quorum: 1,
      policies: ["only-in-a-window"],
    });
    expect(decide({ startedBy: "user", trigger: "by-hand" }, shipped, frozen).kind).toBe("proceed");
    expect(decide({ tests: "fail" }, shipped, frozen).kind).toBe("refused");
  });

  it("asks for as many people as the strictest that says so", () => {
    const two = withOwn(
      `@id("two") @approvals("2") permit (principal, action == Instar::Action::"proceedWithApproval", resource) when { resource.touches.contains("migrations") };`,
    );
    expect(decide({ impactLevel: "high", touches: ["migrations"] }, two)).toMatchObject({ kind: "approval", quorum: 2 });
    expect(decide({ impactLevel: "high" }, two)).toMatchObject({ quorum: 1 });
    expect(decide({ impactLevel: "high" }, two, { ...PLAIN_CONTEXT, settings: { ...PLAIN_CONTEXT.settings, quorum: 3 } })).toMatchObject({ quorum: 3 });
  });

  it("can be the operator's alone, and what always holds still holds", () => {
    const own = withOwn(PERMITS_MUCH, { shipped: false });
    expect(own.problems).toEqual([]);
    expect(decide({ bump: "major", impactLevel: "high" }, own).kind).toBe("proceed");
    expect(decide({ impactLevel: "critical" }, own).kind).toBe("approval");
    expect(decide({ tests: "error" }, own).kind).toBe("refused");
    expect(decide({}, readPolicySet([], { shipped: false }))).toMatchObject({ kind: "refused", because: "no policy permits it" });
  });

  it("never lets a critical change by itself, nor one that was not measured, whatever an operator's policies permit", () =>
    fc.assert(
      fc.property(anyFacts, fc.constantFrom(shipped, withOwn(PERMITS_MUCH), withOwn(PERMITS_MUCH, { shipped: false })), (facts, set) => {
        const { kind } = decideProceeding(set, facts, PLAIN_CONTEXT);
        if (facts.trigger === "first") return;
        if (facts.impactLevel === "critical" || facts.risk === "critical") expect(kind).not.toBe("proceed");
        if (facts.tests !== "pass" && !(facts.untested && facts.startedBy === "user")) expect(kind).toBe("refused");
        if (facts.startedBy === "agent" && facts.quarantined) expect(kind).toBe("refused");
      }),
    ));
});

describe("who may do what", () => {
  it("an agent looks and proposes, and nothing else, whatever a policy permits", () => {
    const wide = withOwn(PERMITS_MUCH);
    for (const operation of OPERATIONS as readonly Operation[]) {
      const { name } = operation;
      const isItsOwn = ["look", "propose"].includes(needOf(operation));
      for (const set of [shipped, wide]) expect([name, may("agent", name, set)]).toEqual([name, isItsOwn]);
    }
    expect([may("agent", "status"), may("agent", "update.apply"), may("agent", "update.cancel"), may("agent", "rollback", wide)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
  it("only approvers and admins answer, whatever a policy permits", () => {
    for (const set of [shipped, withOwn(PERMITS_MUCH)]) expect(ROLES.filter((role) => answers(role, {}, set))).toEqual(["approver", "admin"]);
  });
  it("only admins make tokens, whatever a policy permits", () => {
    for (const set of [shipped, withOwn(PERMITS_MUCH)]) expect(ROLES.filter((role) => may(role, "token.create", set))).toEqual(["admin"]);
  });
  it("the author does not approve; who started it does only where nobody else may", () => {
    expect(answers("admin", { isAuthor: true, others: 0 })).toBe(false);
    expect(answers("approver", { isAuthor: true }, withOwn(PERMITS_MUCH))).toBe(false);
    expect(answers("approver", { isStarter: true, others: 1 })).toBe(false);
    expect(answers("approver", { isStarter: true, others: 0 })).toBe(true);
  });
});

describe("a bad policy", () => {
  for (const [name, text, message] of [
    ["that does not parse", "permit (principal action, resource);", "unexpected token `action`"],
    ["that is cut off", `permit (principal, action, resource) when { resource.risk == "low"`, "unexpected end of input"],
    ["that is no text of policies at all", "updates:\n  automatic: major\n", "unexpected"],
    [
      "that refers to a fact that is not there",
      `permit (principal, action == Instar::Action::"proceed", resource) when { resource.riskk == "low" };`,
      "did you mean `risk`?",
    ],
    ["that refers to an action that is not there", `permit (principal, action == Instar::Action::"update.aply", resource);`, "unrecognized action"],
    [
      "that refers to a role that is not there",
      `permit (principal in Instar::Role::"boss", action in Instar::Action::"operate", resource);`,
      "not declared as a valid eid",
    ],
    ["that refers to a kind that is not there", `permit (principal == User::"ada", action, resource);`, "unrecognized entity type"],
    ["that compares what cannot be", `forbid (principal, action == Instar::Action::"proceed", resource) when { resource.score > "50" };`, "expected"],
    ["that never applies", `permit (principal is Instar::Daemon, action in Instar::Action::"operate", resource);`, "unable to find an applicable action"],
    ["that permits all", "permit (principal, action, resource);", "it permits everything to everybody"],
    ["that permits all in other words", "permit (principal, action, resource) when { 1 < 2 };", "it permits everything to everybody"],
    ["that permits all unless nothing", `permit (principal, action, resource) unless { "a" == "b" };`, "it permits everything to everybody"],
    ["that is a template", "permit (principal == ?principal, action, resource);", "a template"],
    [
      "with a quorum that is none",
      `@approvals("0") permit (principal, action == Instar::Action::"proceedWithApproval", resource);`,
      "no whole number from 1 to 20",
    ],
    [
      "with a passkey that is not required",
      `@passkey("off") permit (principal, action == Instar::Action::"proceedWithApproval", resource) when { resource.kind == "code" };`,
      'is not @passkey("required")',
    ],
    ["with the @id of another", `@id("with-approval") forbid (principal, action == Instar::Action::"proceed", resource);`, "another policy has the same @id"],
  ] as const)
    it(`${name} is told with its place, and denies everything`, () => {
      const set = withOwn(text);
      expect(set.isSound).toBe(false);
      expect(set.problems.map((problem) => problem.message).join("\n")).toContain(message);
      expect(set.problems[0]?.file).toBe("own.cedar");
      expect(decide({}, set)).toMatchObject({ kind: "refused", isBroken: true });
      expect(decide({ trigger: "first" }, set).kind).toBe("refused");
      expect(answers("admin", {}, set)).toBe(false);
      expect(may("admin", "status", set)).toBe(false);
    });

  it("is told with its line", () =>
    expect(withOwn(`// one\n\npermit (principal, action in Instar::Action::"look", resource);\npermit (oh);`).problems).toMatchObject([{ line: 4 }]));

  it("whose forbid cannot be computed denies: Cedar alone would skip it and allow", () => {
    const set = withOwn(
      `@id("overflows") forbid (principal, action == Instar::Action::"proceed", resource) when { resource.score * 9223372036854775807 > 5 };`,
    );
    expect(set.problems).toEqual([]);
    expect(decide({ score: 0 }, set).kind).toBe("proceed");
    expect(askPolicies(set, planProceedRequest("proceed", { ...HARMLESS_UPDATE, score: 50 }, PLAIN_CONTEXT))).toMatchObject({
      isAllowed: false,
      because: expect.stringContaining("overflows could not be computed"),
    });
    expect(decide({ score: 50 }, set).kind).toBe("approval");
  });

  it("is not even needed where a request lacks a fact: that denies too", () => {
    const whole = planProceedRequest("proceed", HARMLESS_UPDATE, PLAIN_CONTEXT);
    expect(askPolicies(shipped, whole).isAllowed).toBe(true);
    const [update] = whole.entities.slice(-1);
    const { impactRank: _, ...less } = update?.attrs ?? {};
    for (const request of [
      { ...whole, context: { settings: PLAIN_CONTEXT.settings } },
      { ...whole, entities: [] },
      { ...whole, entities: [{ uid: whole.resource, parents: [], attrs: less }] },
      { ...whole, action: "no such action" },
    ])
      expect(askPolicies(shipped, request)).toMatchObject({ isAllowed: false, because: expect.stringMatching(/could not be (asked|computed)/) });
  });
});

describe("a passkey", () => {
  const signed = (when: string) =>
    withOwn(`@id("signed") @passkey("required") permit (principal, action == Instar::Action::"proceedWithApproval", resource) when { ${when} };`);
  it("is wanted where one of the policies that leave it to people wants it, however many do not", () => {
    expect(decide({ impactLevel: "high" }, signed(`resource.impactRank >= 2`))).toMatchObject({ kind: "approval", passkey: true });
    expect(decide({ impactLevel: "high" }, signed(`resource.impactRank >= 3`))).not.toHaveProperty("passkey");
    expect(
      decide({ impactLevel: "high" }, signed(`resource.kind == "code"`), { ...PLAIN_CONTEXT, calendar: { frozen: true, outsideWindows: false } }),
    ).toMatchObject({
      kind: "later",
      passkey: true,
    });
  });
  it("is wanted everywhere where instar.yaml says so, and no policy can take that back", () => {
    const context = { ...PLAIN_CONTEXT, settings: { ...PLAIN_CONTEXT.settings, passkey: true as const } };
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const said = decide(facts, withOwn(PERMITS_MUCH), context);
        expect(said.kind === "approval" ? said.passkey : true).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe("a set of policies", () => {
  it("is the same for the same texts, however many others were read between, and another one for every other", () => {
    const own = '@id("x") @because("y") permit (principal, action == Instar::Action::"status", resource);';
    const first = withOwn(own);
    expect(withOwn(own)).toBe(first);
    for (let other = 0; other < 20; other += 1) expect(withOwn(`${own} // ${other}`).digest).not.toBe(first.digest);
    expect(withOwn(own)).toEqual(first);
    expect(withOwn(own, { shipped: false })).not.toEqual(first);
  });

  it("has another digest for every other text, and the same for the same", () => {
    const text = `permit (principal in Instar::Role::"viewer", action in Instar::Action::"operate", resource);`;
    expect(withOwn(text).digest).toBe(withOwn(text).digest);
    expect(new Set([shipped.digest, withOwn(text).digest, withOwn(`${text} `).digest, readPolicySet([], { shipped: false }).digest]).size).toBe(4);
  });
  it("names what decided in one order, whatever order Cedar has", () => {
    const set = withOwn(["a", "b", "c", "d"].map((id) => `@id("${id}") forbid (principal, action == Instar::Action::"proceed", resource);`).join("\n"));
    for (let asked = 0; asked < 50; asked += 1) expect(decide({}, set).policies).toEqual(["a", "b", "c", "d", "with-approval"]);
  });
  it("is asked for itself, however many others were asked meanwhile", () => {
    const never = withOwn(`@id("never") forbid (principal, action == Instar::Action::"proceed", resource);`);
    for (let other = 0; other < 40; other += 1) {
      expect(decide({}, withOwn(`// ${other}`)).kind).toBe("proceed");
      expect(decide({}, never).kind).toBe("approval");
      expect(decide({}).kind).toBe("proceed");
    }
  });
  it("names a policy without @id by its file and place", () =>
    expect(withOwn(`permit (principal in Instar::Role::"viewer", action in Instar::Action::"operate", resource);`).policies.at(-1)?.id).toBe("own.cedar#1"));
});
