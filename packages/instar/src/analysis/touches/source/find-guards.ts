import type { Guard } from "./source.ts";
import { chainOf, childOf, childrenOf, type SyntaxNode, stringOf } from "./walk-program.ts";

/** A name that says who may do what: `requireAuth`, `isAdmin`, `checkPermission`, `csrfProtection`, `verifyToken`. */
export const GUARD_NAME =
  /^(?:(?:require|ensure|check|verify|validate|assert|authenticate|authorize|protect|must|need|has|is|can|with|guard|enforce)[A-Z_]?\w{0,40}(?:Auth|User|Login|Logged|Session|Token|Permi|Role|Admin|Access|Scope|Owner|Csrf|CSRF|Signed|Jwt|JWT|Password|Allowed|Signature)\w{0,40}|authenticate\w{0,40}|authori[sz]e\w{0,40}|isAuth\w{0,40}|requireAuth\w{0,40}|requires?_?auth\w{0,40}|auth(?:Guard|Middleware|Required|Check)?|login_required|permission_required|\w{0,40}(?:AuthGuard|RolesGuard|csrfProtection|Authenticated|Authorized)|csrf|timingSafeEqual|compare_digest|rateLimit(?:er)?|helmet)$/i;

const ROUTES: ReadonlySet<string> = new Set(["get", "post", "put", "patch", "delete", "all", "use", "route", "head", "options", "on", "register", "addHook"]);

/** What of a node says that something is guarded: a call of a guard, or one handed to a route. */
export function findGuards(node: SyntaxNode, parents: readonly SyntaxNode[]): Omit<Guard, "line">[] {
  if (node.type === "Decorator") return nameIn(childOf(node, "expression")).map((text) => ({ text, route: "a decorator" }));
  if (node.type !== "CallExpression") return [];
  const chain = chainOf(node);
  const name = chain?.names.at(-1) ?? chain?.root ?? "";
  if (GUARD_NAME.test(name)) return [{ text: name, route: routeOf(parents) }];
  if (chain === undefined || !ROUTES.has(name)) return [];
  const given = childrenOf(node, "arguments");
  const route = `${chain.root}.${name} ${stringOf(given[0]) ?? ""}`.trim();
  const handed = given.flatMap((argument) => (argument.type === "ArrayExpression" ? childrenOf(argument, "elements") : [argument]));
  return handed.flatMap((argument) => (argument.type === "CallExpression" ? [] : nameIn(argument))).map((text) => ({ text, route }));
}

function nameIn(node: SyntaxNode | undefined): string[] {
  const chain = node && chainOf(node);
  return chain === undefined ? [] : [chain.names.at(-1) ?? "", chain.root].filter((name) => GUARD_NAME.test(name)).slice(0, 1);
}

/** The nearest route or named function that a call stands in. */
function routeOf(parents: readonly SyntaxNode[]): string {
  for (let at = parents.length - 1; at >= 0; at--) {
    const parent = parents[at];
    if (parent === undefined) break;
    const id = childOf(parent, "id") ?? (parent.type === "MethodDefinition" || parent.type === "Property" ? childOf(parent, "key") : undefined);
    if (typeof id?.name === "string") return id.name;
    const chain = parent.type === "CallExpression" ? chainOf(parent) : undefined;
    const name = chain?.names.at(-1);
    if (chain !== undefined && name !== undefined && ROUTES.has(name))
      return `${chain.root}.${name} ${stringOf(childrenOf(parent, "arguments")[0]) ?? ""}`.trim();
  }
  return "";
}
