import { InstarError } from "@instar/protocol";
import type { PolicySet } from "../policy/policy-set.ts";
import type { Caller } from "./caller.ts";
import { decideAccess } from "./decide-access.ts";
import { isInScope } from "./is-in-scope.ts";

/** The role first, as policy says; then what the token itself is limited to. @throws InstarError FORBIDDEN */
export function assertMay(caller: Caller, operation: string, set: PolicySet): void {
  const decision = decideAccess(set, caller, operation);
  if (decision.kind === "denied")
    throw new InstarError("FORBIDDEN", decision.because, {
      facts: { operation, role: caller.role },
      advice: "`instar whoami` says what you may do; INSTAR_TOKEN or --token-stdin shows another token.",
    });
  if (!isInScope(caller.scope, operation))
    throw new InstarError("FORBIDDEN", `the token ${caller.name} is limited to ${caller.scope?.join(", ")}, and ${operation} is not among them`, {
      facts: { operation, role: caller.role },
      advice: "Take a token without that limit, or make one with a wider scope.",
    });
}
