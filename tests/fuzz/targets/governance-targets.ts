import { approval } from "../../../packages/instar/src/governance/approvals/approval.ts";
import { countApprovals } from "../../../packages/instar/src/governance/approvals/count-approvals.ts";
import { parseOpinion } from "../../../packages/instar/src/governance/model/parse-opinion.ts";
import { challengeOf, digestOfWords, renderStatement } from "../../../packages/instar/src/governance/passkeys/approval-statement.ts";
import { judgeAssertion, signedWord } from "../../../packages/instar/src/governance/passkeys/judge-assertion.ts";
import { parsePasskeys } from "../../../packages/instar/src/governance/passkeys/parse-passkeys.ts";
import { renderPasskey } from "../../../packages/instar/src/governance/passkeys/passkey.ts";
import { parsePolicyTests } from "../../../packages/instar/src/governance/policy/parse-policy-tests.ts";
import type { PolicyContext } from "../../../packages/instar/src/governance/policy/policy-request.ts";
import { readPolicySet } from "../../../packages/instar/src/governance/policy/policy-set.ts";
import { digestOfRules } from "../../../packages/instar/src/update/decided/policy-context.ts";
import { assertHolds, type FuzzTarget, jsonOf, seedOf, textOf, throwsNothing } from "../fuzz-target.ts";

const NOW_MS = Date.UTC(2026, 0, 2);
const RISKS = { technical: "low", security: "low", performance: "low", operational: "minimal" };
const OPINION = { decision: "approve", confidence: 0.9, reasoning: 'it is "small": {x}', riskAssessment: RISKS, recommendations: ["watch it"] };
const TESTS = `tests:
  - name: a patch goes on
    update: { updateType: patch, risk: low }
    expect: proceed
  - name: an operator may
    role: operator
    operation: update.approve
    expect: allowed
`;
const POLICY = `@id("mine")
@approvals("2")
permit (principal, action == Instar::Action::"proceedWithApproval", resource)
when { resource.risk == "low" };
`;
const APPROVAL = {
  by: "Ada",
  token: null,
  role: "approver",
  digest: "sha256:a",
  policy: "sha256:b",
  because: "it is fine",
  untilTickMs: NOW_MS + 1,
  untilAt: new Date(NOW_MS + 1).toISOString(),
};
const KEY = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEDML88u7izdjOAGvn1Ill6hSoNFQlxqtUx1w//yMuotdpaoyU0rrxA225eq+A6k5xOSoQkpenUk5Atr03KMYddQ==";
const PASSKEYS = `# people\nada localhost 9V5cwhp3BqO59maU ${KEY} the laptop\n`;
const STATEMENT = renderStatement({
  ...{ format: "instar-approval/1", answer: "approve", instance: "demo", ledger: null, update: "u1", by: "Ada", origin: "http://localhost:1" },
  ...{
    release: digestOfWords("a"),
    rules: digestOfWords("b"),
    because: digestOfWords("c"),
    nonce: "AAAAAAAAAAAAAAAAAAAAAA",
    until: "2026-01-02T00:00:00.000Z",
  },
});
const WORD = {
  ...{ text: STATEMENT, id: "9V5cwhp3BqO59maU", host: "localhost", key: KEY },
  clientData: JSON.stringify({ type: "webauthn.get", challenge: challengeOf(STATEMENT), origin: "http://localhost:1", crossOrigin: false }),
  authenticatorData: "49960de5880e8c687434170f6476605b8fe4aeb9a28632c7995cf3ba831d97630500000001",
  signature: "3045022039e583978c88d1d13334798eac3fe2e084e26239073912f8c5a0184a44ee2ba20221009f7f7863522449e5b6c8deaabd977f3cbcefeec18eef8bf579dda98cadde373b",
};
const CONTEXT: PolicyContext = {
  settings: { automaticRank: 1, approvalFor: ["major"], riskLimit: 2, quorum: 1, accepts: [] },
  calendar: { frozen: false, outsideWindows: false },
};

export const GOVERNANCE_TARGETS: readonly FuzzTarget[] = [
  {
    name: "opinion",
    seeds: [seedOf(OPINION)],
    parse: (bytes) => {
      const parsed = parseOpinion(textOf(bytes));
      if (parsed.kind === "malformed") return;
      const { confidence, reasoning } = parsed.opinion;
      assertHolds(confidence >= 0 && confidence <= 1 && reasoning.length > 0, "an opinion is as sure as it can be, and says why");
    },
  },
  {
    name: "policy-tests",
    tasteInputs: 100,
    seeds: [seedOf(TESTS), seedOf("tests: &a [1, *a, *b]\n"), seedOf("tests:\n  - name: a\n    update: &x { touches: [*x] }\n    expect: later\n")],
    parse: (bytes) =>
      throwsNothing("parsePolicyTests", () => {
        const { tests, problems } = parsePolicyTests(textOf(bytes));
        assertHolds(tests.length + problems.length > 0, "what holds no test has a problem");
      }),
  },
  {
    name: "policies",
    tasteInputs: 8,
    seeds: [seedOf(POLICY)],
    parse: (bytes) =>
      throwsNothing("readPolicySet", () => {
        const set = readPolicySet([{ file: "mine.cedar", text: textOf(bytes) }], { shipped: false });
        assertHolds(set.isSound === set.problems.every(({ severity }) => severity !== "error"), "a set with an error is not sound");
      }),
  },
  {
    name: "approvals",
    seeds: [seedOf([APPROVAL, { ...APPROVAL, by: "Bob", token: "23456789" }])],
    parse: (bytes) => {
      const written = jsonOf(bytes);
      const approvals = (Array.isArray(written) ? written : []).flatMap((each: unknown) => approval.safeParse(each).data ?? []);
      const question = {
        approvals,
        quorum: 2,
        digest: "sha256:a",
        policy: "sha256:b",
        revoked: ["23456789"],
        nowTickMs: NOW_MS,
        nowWallMs: NOW_MS,
        signed: null,
      };
      const { counted, isEnough, void: voided } = countApprovals(question);
      const people = new Set(counted.map(({ by }) => by));
      assertHolds(people.size === counted.length && isEnough === counted.length >= 2, "each person counts once");
      assertHolds(counted.length + voided.length === approvals.length, "each approval counts, or it is said why not");
      for (const each of counted) {
        assertHolds(each.digest === "sha256:a" && each.policy === "sha256:b" && each.token !== "23456789", "an approval is of this, under these rules");
        assertHolds(each.untilTickMs > NOW_MS && Date.parse(each.untilAt) > NOW_MS, "an approval that is over does not count");
      }
    },
  },
  {
    name: "passkeys",
    seeds: [seedOf(PASSKEYS)],
    parse: (bytes) =>
      throwsNothing("parsePasskeys", () => {
        const { passkeys } = parsePasskeys(textOf(bytes));
        for (const each of passkeys) assertHolds(parsePasskeys(renderPasskey(each)).passkeys.length === 1, "what was a line of the file is one again");
      }),
  },
  {
    name: "passkey-words",
    seeds: [seedOf(WORD), seedOf({ ...WORD, text: "{}" })],
    parse: (bytes) => {
      const word = signedWord.safeParse(jsonOf(bytes)).data;
      if (word === undefined) return undefined;
      return throwsNothing("judgeAssertion", () => assertHolds(judgeAssertion(word).kind === "void", "what nobody signed does not hold"));
    },
  },
  {
    name: "rules-digest",
    seeds: [seedOf("sha256:a")],
    parse: (bytes) => {
      const digest = digestOfRules({ digest: textOf(bytes) }, CONTEXT);
      assertHolds(/^sha256:[0-9a-f]{64}$/.test(digest), "a digest is one");
      assertHolds(textOf(bytes) === "sha256:a" || digest !== digestOfRules({ digest: "sha256:a" }, CONTEXT), "other policies have another digest");
    },
  },
];
