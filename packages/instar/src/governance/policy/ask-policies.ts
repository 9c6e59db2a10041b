import { type AuthorizationAnswer, cedar } from "./cedar.ts";
import type { Policy } from "./policy.ts";
import type { PolicyRequest } from "./policy-request.ts";
import { renderPolicySchema } from "./policy-schema.ts";
import { type PolicySet, staticPoliciesOf } from "./policy-set.ts";

export interface PolicyAnswer {
  readonly isAllowed: boolean;
  /** What decided: permits where it is allowed, forbids where one of them forbade it, nothing where nothing permits it. */
  readonly policies: readonly Policy[];
  /** In words; of a set that cannot be asked, what is wrong with it. */
  readonly because: string;
}

const SCHEMA = "instar";
let isSchemaRead = false;
/** Sets that Cedar has read, by digest, each in a place of its own; the longest unasked gives way, or whoever tries policy after policy would fill the memory. */
const places = new Map<string, string>();
const MOST_READ = 16;

/**
 * Asks a set of policies one thing. Allowed only where Cedar said "allow" and nothing at all went wrong on the way: a policy that errs is skipped by Cedar, and a
 * forbid that was skipped would let everything through, so any error denies; so does a request that lacks a fact, and a set with a mistake in it.
 */
export function askPolicies(set: PolicySet, request: PolicyRequest): PolicyAnswer {
  const mistake = set.problems.find(({ severity }) => severity === "error");
  if (mistake !== undefined)
    return denied(`the policies cannot be asked: ${mistake.file}${mistake.line === null ? "" : `:${mistake.line}`}: ${mistake.message}`);
  let answer: AuthorizationAnswer;
  try {
    answer = authorize(set, request);
  } catch (error) {
    return denied(`the policies could not be asked: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (answer.type === "failure") return denied(`the policies could not be asked: ${answer.errors.map(({ message }) => message).join("; ")}`);
  const { decision, diagnostics } = answer.response;
  const failed = diagnostics.errors.toSorted((a, b) => (a.policyId < b.policyId ? -1 : 1))[0];
  if (failed !== undefined) return denied(`policy ${failed.policyId} could not be computed: ${failed.error.message}`);
  // Cedar names them in an order that differs from one asking to the next; a decision must come out again word for word.
  const policies = set.policies.filter(({ id }) => diagnostics.reason.includes(id));
  if (decision === "allow" && policies.length > 0) return { isAllowed: true, policies, because: sayPolicies(policies) };
  return { isAllowed: false, policies, because: policies.length === 0 ? "no policy permits it" : sayPolicies(policies) };
}

function authorize(set: PolicySet, { principal, action, resource, context, entities }: PolicyRequest): AuthorizationAnswer {
  if (!isSchemaRead) isSchemaRead = cedar().preparseSchema(SCHEMA, renderPolicySchema()).type === "success";
  return cedar().statefulIsAuthorized({
    principal,
    action: { type: "Instar::Action", id: action },
    resource,
    context: context as never,
    preparsedSchemaName: SCHEMA,
    preparsedPolicySetId: placeOf(set),
    validateRequest: true,
    entities: [...entities],
  });
}

function placeOf({ digest, policies }: PolicySet): string {
  const known = places.get(digest);
  const [longest] = places;
  const place = known ?? (places.size < MOST_READ || longest === undefined ? `set ${places.size}` : longest[1]);
  if (known === undefined) {
    const answer = cedar().preparsePolicySet(place, { staticPolicies: staticPoliciesOf(policies) });
    if (answer.type === "failure") throw new Error(answer.errors.map(({ message }) => message).join("; "));
    if (places.size >= MOST_READ && longest !== undefined) places.delete(longest[0]);
  }
  places.delete(digest);
  places.set(digest, place);
  return place;
}

const denied = (because: string): PolicyAnswer => ({ isAllowed: false, policies: [], because });

/** Which policies, and why they say so. */
const sayPolicies = (policies: readonly Policy[]): string => policies.map(({ id, because }) => (because === null ? id : `${because} [${id}]`)).join("; ");
