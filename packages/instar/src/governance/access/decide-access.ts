import { needOf, OPERATIONS, type Operation } from "@instar/protocol";
import { askPolicies } from "../policy/ask-policies.ts";
import { HARMLESS_UPDATE } from "../policy/harmless-update.ts";
import { planAnswerRequest, planOperationRequest } from "../policy/policy-request.ts";
import { type PolicySet, readPolicySet } from "../policy/policy-set.ts";
import type { Caller } from "./caller.ts";

export type Access = { readonly kind: "allowed" } | { readonly kind: "denied"; readonly because: string };

/** What must work at three in the morning though somebody's policies are broken: stopping, going back, and taking a token away. */
const SAFE: ReadonlySet<string> = new Set(["update.cancel", "update.resolve", "rollback", "keeper.replace", "token.revoke", "passkey.revoke"]);

/**
 * Whether a role may do what an operation asks of it, by the policies. Pure. While they have a mistake, those that Instar brings let people look and go back,
 * and nothing else. Whether somebody may answer for one update is asked again with its facts; here it is about updates as such.
 */
export function decideAccess(set: PolicySet, { name, role }: Pick<Caller, "name" | "role">, wanted: string): Access {
  const operation = (OPERATIONS as readonly Operation[]).find((known) => known.name === wanted);
  if (operation === undefined) return { kind: "denied", because: `there is no operation ${wanted}` };
  const need = needOf(operation);
  const who = { name, role };
  const request =
    need === "answer" ? planAnswerRequest(who, wanted, HARMLESS_UPDATE, { isAuthor: false, isStarter: false, others: 0 }) : planOperationRequest(who, wanted);
  const { isAllowed, because } = askPolicies(set.isSound ? set : readPolicySet([], { shipped: true }), request);
  if (!isAllowed) return { kind: "denied", because: `the role ${role} may not ${wanted}: ${because}` };
  if (set.isSound || need === "look" || SAFE.has(wanted)) return { kind: "allowed" };
  const mistake = set.problems.find(({ severity }) => severity === "error");
  return {
    kind: "denied",
    because: `the policies have a mistake, and until it is mended one can only look and go back: ${mistake?.file}: ${mistake?.message}`,
  };
}
