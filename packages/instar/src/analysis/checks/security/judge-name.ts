import { childOf, type SyntaxNode } from "../../touches/source/walk-program.ts";
import { judgeEnvironment } from "./judge-environment.ts";
import { WRAPPERS } from "./read-names.ts";
import { isHomoglyphName } from "./scan-text.ts";
import { isReference, type Sight } from "./sight.ts";

/** A name that stands for something powerful, or hides what it stands for. */
export function judgeName(node: SyntaxNode, sight: Sight): void {
  const { text, parents, say, originOf } = sight;
  const name = String(node.name);
  if (isHomoglyphName(name)) say("homoglyph-name", node, "letters of two scripts");
  if (text.slice(node.start, node.start + name.length).includes("\\")) say("hidden-name", node, "an escape stands in a name");
  if (!isReference(node, parents)) return;
  const origin = originOf(node);
  if (origin === undefined) return;
  const use = findUse(node, parents);
  if (origin === "eval" && use !== "asked about" && name === "eval") say("eval", node);
  if (origin === "Function" && name === "Function" && use !== "asked about" && !isHarmlessMember(parents.at(-1))) say("function-constructor", node);
  if (origin === "process.env") judgeEnvironment(node, sight);
  if (use !== "handed on") return;
  if (origin === "globalThis" || origin === "process") say("global-escapes", node, origin);
  else if (/^(child_process|vm)(\.|$)/.test(origin) && STARTS.test(origin)) say("child-process-escapes", node, origin);
}

const STARTS = /^(child_process|vm|child_process\.(exec|execSync|execFile|execFileSync|spawn|spawnSync|fork)|vm\.\w+)$/;

type Use = "called" | "member" | "asked about" | "followed" | "handed on";

/** What is done with a value: what is only compared, called here or given another name is not out of sight. */
function findUse(node: SyntaxNode, parents: readonly SyntaxNode[]): Use {
  let child = node;
  for (let at = parents.length - 1; at >= 0; at--) {
    const parent = parents[at];
    if (parent === undefined) break;
    if (WRAPPERS.has(parent.type)) {
      child = parent;
      continue;
    }
    if (parent.type === "MemberExpression" && childOf(parent, "object") === child) return "member";
    if ((parent.type === "CallExpression" || parent.type === "NewExpression") && childOf(parent, "callee") === child) return "called";
    if (parent.type === "UnaryExpression" || parent.type === "IfStatement") return "asked about";
    if (parent.type === "BinaryExpression") return "asked about";
    if (parent.type === "VariableDeclarator" || (parent.type === "AssignmentExpression" && childOf(parent, "left")?.type === "Identifier")) return "followed";
    if (parent.type === "ExportSpecifier" || parent.type === "ExpressionStatement") return "followed";
    if (parent.type === "CallExpression" && isPromisify(parent)) return "followed";
    return "handed on";
  }
  return "handed on";
}

const isPromisify = (call: SyntaxNode) => {
  const callee = childOf(call, "callee");
  return (callee?.name ?? (callee === undefined ? undefined : childOf(callee, "property")?.name)) === "promisify";
};

/** `Function.prototype.toString` and the like make nothing of text. */
function isHarmlessMember(parent: SyntaxNode | undefined): boolean {
  if (parent?.type !== "MemberExpression" || parent.computed === true) return false;
  return ["prototype", "name", "length", "toString", "hasOwnProperty"].includes(String(childOf(parent, "property")?.name));
}
