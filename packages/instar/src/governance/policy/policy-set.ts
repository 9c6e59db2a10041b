import { createHash } from "node:crypto";
import type { PolicyProblem } from "@instar/protocol";
import { cedar, type DetailedError } from "./cedar.ts";
import { findPermitsAll } from "./find-permits-all.ts";
import type { Policy } from "./policy.ts";
import { renderPolicySchema } from "./policy-schema.ts";
import { ALWAYS, SHIPPED_POLICIES } from "./shipped-policies.ts";

/** One file of policies, as it was read. */
export interface PolicyText {
  readonly file: string;
  readonly text: string;
}

export interface PolicySet {
  /** Of all texts and of what they may speak of: another digest, another meaning. */
  readonly digest: string;
  readonly texts: readonly PolicyText[];
  readonly policies: readonly Policy[];
  readonly problems: readonly PolicyProblem[];
  /** Without a problem that is an error. What is not sound is never asked: it denies. */
  readonly isSound: boolean;
}

/**
 * Policies from their texts: those that always hold, those that Instar brings unless they are left out, and the operator's own. Nothing is thrown: what is wrong
 * stands under `problems`, with file and line, and a set with an error in it denies everything.
 */
export function readPolicySet(own: readonly PolicyText[], { shipped }: { readonly shipped: boolean }): PolicySet {
  const brought = Object.entries(SHIPPED_POLICIES).filter(([file]) => shipped || (ALWAYS as readonly string[]).includes(file));
  return parsePolicySet([...brought.map(([file, text]) => ({ file: `${BROUGHT}${file}`, text })), ...own.toSorted((a, b) => (a.file < b.file ? -1 : 1))]);
}

/** What stands before the names of Instar's own files: no file of an operator's is called so. */
const BROUGHT = "instar:";

/** Sets that were parsed, by digest: a set hangs on nothing but its texts, and every question is asked of one. The longest unasked gives way. */
const parsedSets = new Map<string, PolicySet>();
const MOST_PARSED = 16;

/** The same from all texts at once, as they were kept with a decision. Pure: the same texts are the same set. */
export function parsePolicySet(texts: readonly PolicyText[]): PolicySet {
  const schema = renderPolicySchema();
  const digest = `sha256:${createHash("sha256")
    .update(JSON.stringify([schema, texts.map(({ file, text }) => [file, text])]))
    .digest("hex")}`;
  const set = parsedSets.get(digest) ?? parseTexts(texts, schema, digest);
  parsedSets.delete(digest);
  parsedSets.set(digest, set);
  const [longest] = parsedSets.keys();
  if (parsedSets.size > MOST_PARSED && longest !== undefined) parsedSets.delete(longest);
  return set;
}

function parseTexts(texts: readonly PolicyText[], schema: string, digest: string): PolicySet {
  const parsed = texts.map(parseFile);
  const policies = parsed.flatMap((each) => each.policies);
  const problems = [...parsed.flatMap((each) => each.problems), ...findSameIds(policies)];
  const sound = problems.every(({ severity }) => severity !== "error");
  // What is word for word this program's own was validated before it was shipped; to do it again would be a quarter of a daemon's start.
  const unknown = policies.filter(({ file }) => !texts.some((text) => text.file === file && isOwnText(text)));
  const all = sound && unknown.length > 0 ? [...problems, ...validatePolicies(unknown, schema)] : problems;
  return { digest, texts, policies, problems: all, isSound: all.every(({ severity }) => severity !== "error") };
}

const isOwnText = ({ file, text }: PolicyText) => Object.entries(SHIPPED_POLICIES).some(([name, brought]) => file === `${BROUGHT}${name}` && text === brought);

function parseFile({ file, text }: PolicyText): { policies: Policy[]; problems: PolicyProblem[] } {
  const parts = cedar().policySetTextToParts(text);
  if (parts.type === "failure") return { policies: [], problems: parts.errors.map((error) => problemOf(error, { file, text, policy: null })) };
  const problems = parts.policy_templates.map(
    (template): PolicyProblem => ({
      file,
      line: lineOf(text, text.indexOf(template)),
      policy: null,
      severity: "error",
      message: "a template (?principal, ?resource) says nothing until something is put in: write the policy out",
    }),
  );
  let from = 0;
  const policies = parts.policies.map((policy, index): Policy => {
    const at = text.indexOf(policy, from);
    from = at === -1 ? from : at + policy.length;
    const said = cedar().policyToJson(policy);
    const json = said.type === "success" ? said.json : undefined;
    const annotations = json?.annotations ?? {};
    const id = annotations.id ?? `${file}#${index + 1}`;
    const approvals = readApprovals(annotations.approvals);
    const line = at === -1 ? null : lineOf(text, at);
    // Whatever else is written there is a mistake, and not a way to say no.
    if (annotations.passkey !== undefined && annotations.passkey !== "required")
      problems.push({ file, line, policy: id, severity: "error", message: `@passkey(${JSON.stringify(annotations.passkey)}) is not @passkey("required")` });
    if (approvals === undefined)
      problems.push({
        file,
        line,
        policy: id,
        severity: "error",
        message: `@approvals(${JSON.stringify(annotations.approvals)}) is no whole number from 1 to 20`,
      });
    return {
      id,
      file,
      effect: json?.effect ?? "forbid",
      because: annotations.because ?? null,
      approvals: approvals ?? 1,
      passkey: annotations.passkey === "required",
      text: policy,
    };
  });
  return { policies, problems };
}

function readApprovals(said: string | undefined): number | undefined {
  if (said === undefined) return 1;
  return /^([1-9]|1\d|20)$/.test(said) ? Number(said) : undefined;
}

function findSameIds(policies: readonly Policy[]): PolicyProblem[] {
  return policies
    .filter((policy, index) => policies.findIndex(({ id }) => id === policy.id) !== index)
    .map(({ id, file }) => ({ file, line: null, policy: id, severity: "error", message: `another policy has the same @id: ${id}` }));
}

/** What the schema says of them. A policy that can never apply is taken for the mistake that it most likely is. */
function validatePolicies(policies: readonly Policy[], schema: string): PolicyProblem[] {
  const answer = cedar().validate({ schema, policies: { staticPolicies: staticPoliciesOf(policies) } });
  const of = (id: string) => {
    const policy = policies.find((each) => each.id === id);
    return { file: policy?.file ?? "", text: policy?.text ?? "", policy: id };
  };
  if (answer.type === "failure") return answer.errors.map((error) => problemOf(error, { file: "", text: "", policy: null }));
  // "success" only says that it was validated: what was found stands in the lists.
  const found = [...answer.validationErrors, ...answer.validationWarnings].map(({ policyId, error }) => ({ ...problemOf(error, of(policyId)), line: null }));
  const unique = found.filter((each, index) => found.findIndex(({ policy, message }) => policy === each.policy && message === each.message) === index);
  const hasError = unique.length > 0;
  return hasError
    ? unique
    : findPermitsAll(
        policies.filter(({ file }) => !file.startsWith(BROUGHT)),
        schema,
      );
}

export const staticPoliciesOf = (policies: readonly Policy[]): Record<string, string> => Object.fromEntries(policies.map(({ id, text }) => [id, text]));

function problemOf(error: DetailedError, { file, text, policy }: { file: string; text: string; policy: string | null }): PolicyProblem {
  const at = error.sourceLocations?.[0];
  const expected = at?.label == null ? "" : `: ${at.label}`;
  return {
    file,
    line: at === undefined || text === "" ? null : lineOf(text, at.start),
    policy,
    severity: "error",
    message: `${error.message}${expected}${error.help === null ? "" : ` (${error.help})`}`,
  };
}

const lineOf = (text: string, offset: number): number => Buffer.from(text).subarray(0, Math.max(0, offset)).toString("utf8").split("\n").length;
