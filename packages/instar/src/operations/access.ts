import { type Implementations, OPERATIONS } from "@instar/protocol";
import { decideAccess } from "../governance/access/decide-access.ts";
import { isInScope } from "../governance/access/is-in-scope.ts";
import { parseExpiry } from "../governance/access/parse-expiry.ts";
import { parseScope } from "../governance/access/parse-scope.ts";
import type { OperationContext } from "./context.ts";
import { createToken, revokeToken } from "./create-token.ts";
import { readDoorRole } from "./read-door-role.ts";
import { daemonOf } from "./updates.ts";

/** Who may do what here. */
export function implementAccess(context: OperationContext): Pick<Implementations, "token.create" | "token.list" | "token.revoke" | "whoami"> {
  const { instance, tokens, actor, caller } = context;
  return {
    "token.create": async ({ name, role, expires, scope }) => {
      daemonOf(context);
      const expiresAt = parseExpiry(expires, instance.rooms.clock.wallMs());
      return createToken(instance, tokens, { name, role, scope: parseScope(scope, role), expiresAt, actor, how: "" });
    },
    "token.list": async () => ({ tokens: tokens.list() }),
    "token.revoke": async ({ token }) => {
      daemonOf(context);
      return revokeToken(instance, tokens, token, actor);
    },
    whoami: async () => {
      const set = await instance.rooms.readPolicies();
      return {
        name: caller.name,
        role: caller.role,
        token: caller.token,
        scope: caller.scope === null ? null : [...caller.scope],
        because: caller.token === null ? `this is the instance's own door: ${(await readDoorRole(instance)).because}` : `the token ${caller.token} was shown`,
        mayDo: OPERATIONS.map(({ name }) => name).filter((name) => decideAccess(set, caller, name).kind === "allowed" && isInScope(caller.scope, name)),
      };
    },
  };
}
