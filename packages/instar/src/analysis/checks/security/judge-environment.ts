import { childOf, type SyntaxNode } from "../../touches/source/walk-program.ts";
import { keyOf } from "./read-names.ts";
import type { Sight } from "./sight.ts";

/** The whole environment: given to a program that is started it is usual, written or sent it gives every secret away. */
export function judgeEnvironment(node: SyntaxNode, { parents, say, originOf, textOf }: Sight): void {
  const parent = parents.at(-1);
  if (parent?.type === "MemberExpression" && childOf(parent, "object") === node) return;
  if (parent?.type === "VariableDeclarator" || parent?.type === "UnaryExpression" || parent?.type === "BinaryExpression") return;
  if (parent?.type === "AssignmentExpression" && childOf(parent, "left") === node) return;
  for (const above of [...parents].reverse().slice(0, 30)) {
    if (above.type === "Property" && NAMED_ENV.has(String(childOf(above, "key")?.name ?? childOf(above, "key")?.value))) return;
    if (above.type.endsWith("Statement") || above.type.includes("Function")) break;
    if (above.type !== "CallExpression" && above.type !== "NewExpression") continue;
    const callee = childOf(above, "callee");
    const name = callee?.type === "MemberExpression" ? keyOf(callee, textOf) : (originOf(callee) ?? callee?.name);
    if (!SENDS.test(String(name))) continue;
    say("environment-sent", node, String(name).slice(0, 60));
    return;
  }
  say("environment-whole", node);
}

const NAMED_ENV: ReadonlySet<string> = new Set(["env", "environment"]);
const SENDS =
  /(?:^|\.)(?:fetch|request|get|post|put|patch|send|sendBeacon|write|writeFile|writeFileSync|appendFile|appendFileSync|stringify|from|log|info|debug|warn|error|inspect|end|emit|publish|axios|got|serialize)$/;
