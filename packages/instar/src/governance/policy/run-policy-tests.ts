import { needOf, OPERATIONS, type Operation } from "@instar/protocol";
import { askPolicies } from "./ask-policies.ts";
import { decideProceeding } from "./decide-proceeding.ts";
import { HARMLESS_UPDATE, PLAIN_CONTEXT } from "./harmless-update.ts";
import { type ParsedTests, type PolicyTest, parsePolicyTests } from "./parse-policy-tests.ts";
import { type PolicyRequest, planAnswerRequest, planOperationRequest } from "./policy-request.ts";
import type { PolicySet } from "./policy-set.ts";
import type { UpdateFacts } from "./update-facts.ts";

export interface PolicyTestResult {
  readonly file: string;
  readonly name: string;
  readonly verdict: "pass" | "fail";
  readonly because: string;
}

/** Asks the policies what their tests say that they answer. Pure. A file that cannot be understood has failed. */
export function runPolicyTests(set: PolicySet, files: readonly { readonly file: string; readonly text: string }[]): PolicyTestResult[] {
  return files.flatMap(({ file, text }) => {
    const { tests, problems }: ParsedTests = parsePolicyTests(text);
    return [
      ...problems.map((because): PolicyTestResult => ({ file, name: "it can be understood", verdict: "fail", because })),
      ...tests.map((each): PolicyTestResult => {
        const because = each.kind === "update" ? judgeUpdate(set, each.test) : judgeRole(set, each.test);
        return { file, name: each.test.name, verdict: because === undefined ? "pass" : "fail", because: because ?? "" };
      }),
    ];
  });
}

type TestOf<Kind extends PolicyTest["kind"]> = Extract<PolicyTest, { kind: Kind }>["test"];

function judgeUpdate(set: PolicySet, test: TestOf<"update">): string | undefined {
  const { settings, calendar } = test.context;
  const said = decideProceeding(set, harmlessBut(test.update), {
    settings: { ...PLAIN_CONTEXT.settings, ...withoutUndefined(settings) },
    calendar: { ...PLAIN_CONTEXT.calendar, ...withoutUndefined(calendar) },
  });
  if (said.kind !== test.expect) return `expected ${test.expect}, and they say ${said.kind}: ${said.because}`;
  const quorum = "quorum" in said ? said.quorum : 0;
  if (test.quorum !== undefined && quorum !== test.quorum) return `expected a quorum of ${test.quorum}, and it is ${quorum}`;
  const isPasskeyWanted = "passkey" in said && said.passkey === true;
  if (test.passkey !== undefined && isPasskeyWanted !== test.passkey)
    return `expected ${test.passkey ? "a passkey" : "no passkey"} to be wanted, and it is otherwise`;
  return judgeBy(test.by, said.policies);
}

function judgeRole(set: PolicySet, test: TestOf<"role">): string | undefined {
  const operation = (OPERATIONS as readonly Operation[]).find(({ name }) => name === test.operation);
  if (operation === undefined) return `there is no operation ${test.operation}`;
  const who = { name: "somebody", role: test.role };
  const request: PolicyRequest =
    needOf(operation) === "answer" ? planAnswerRequest(who, operation.name, harmlessBut(test.update), test) : planOperationRequest(who, operation.name);
  const { isAllowed, because, policies } = askPolicies(set, request);
  if (isAllowed !== (test.expect === "allowed")) return `expected ${test.expect}, and it is ${isAllowed ? "allowed" : "denied"}: ${because}`;
  return judgeBy(
    test.by,
    policies.map(({ id }) => id),
  );
}

function judgeBy(expected: readonly string[] | undefined, said: readonly string[]): string | undefined {
  if (expected === undefined || JSON.stringify([...expected].toSorted()) === JSON.stringify([...said].toSorted())) return undefined;
  return `expected it to be decided by ${expected.join(", ")}, and it is by ${said.join(", ") || "no policy"}`;
}

const harmlessBut = (parts: { readonly [Name in keyof UpdateFacts]?: UpdateFacts[Name] | undefined }): UpdateFacts => ({
  ...HARMLESS_UPDATE,
  ...withoutUndefined(parts),
});
const withoutUndefined = <T extends object>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as { [Name in keyof T]: Exclude<T[Name], undefined> };
