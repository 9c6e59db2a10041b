import { childOf, childrenOf, type SyntaxNode } from "../../touches/source/walk-program.ts";
import { judgeEnvironment } from "./judge-environment.ts";
import { keyOf, unwrap } from "./read-names.ts";
import type { Sight } from "./sight.ts";

/** A member of something powerful, or one that leads there. */
export function judgeMember(node: SyntaxNode, sight: Sight): void {
  const { parents, say, originOf, textOf } = sight;
  const object = unwrap(childOf(node, "object"));
  const base = originOf(object);
  const key = keyOf(node, textOf);
  const property = unwrap(childOf(node, "property"));
  if (node.computed === true) judgeComputed(node, { base, key, isPlain: property?.type === "Literal" }, sight);
  const origin = base === undefined || key === undefined ? undefined : originOf(node);
  if (origin === "process.env") judgeEnvironment(node, sight);
  if (origin === "eval" && base === "globalThis") say("eval", node);
  if (origin === "Function" && base === "globalThis") say("function-constructor", node);
  if (origin !== undefined && INTERNALS.test(origin)) say("process-internals", node, origin);
  if (origin === "process.dlopen" || key === "dlopen") say("native-code", node);
  if (origin !== undefined && LOADER.test(origin)) say("loader-hook", node, origin);
  if (key === "mainModule") say("process-internals", node, "mainModule");
  if (key === "__proto__") say("prototype-pollution", node, "__proto__");
  if (key === "constructor") judgeConstructor(node, object, sight);
  if (isInherited(origin) && isWritten(parents)) say("prototype-pollution", node, origin);
}

/** Of these a member that cannot be named is a member that may be anything. */
const POWERFUL: ReadonlySet<string> = new Set(["globalThis", "process", "child_process", "vm", "module", "require", "Function", "inspector", "v8"]);
const INTERNALS =
  /^process\.(binding|_linkedBinding|_kill|reallyExit|_debugProcess|_rawDebug|setSourceMapsEnabled|permission\.drop)$|^v8\.setFlagsFromString$|^inspector\.(Session|open)$/;
const LOADER =
  /^(module\.(_load|_extensions|_resolveFilename|_compile|_preloadModules|register|registerHooks|wrap|prototype)|require\.extensions|require\.cache)$/;
const HIDDEN: ReadonlySet<string> = new Set([
  ...["constructor", "__proto__", "prototype", "eval", "Function", "process", "require", "mainModule", "binding", "dlopen", "env", "getBuiltinModule"],
  ...["exec", "execSync", "execFile", "execFileSync", "spawn", "spawnSync", "fork", "child_process", "globalThis", "global", "_load"],
]);

interface Computed {
  readonly base: string | undefined;
  readonly key: string | undefined;
  readonly isPlain: boolean;
}

function judgeComputed(node: SyntaxNode, { base, key, isPlain }: Computed, { say }: Sight): void {
  const isPowerful = base !== undefined && POWERFUL.has(base);
  if (key === undefined) {
    if (isPowerful) say("computed-access", node, `${base}[…]`);
  } else if (HIDDEN.has(key) && (!isPlain || isPowerful)) say("hidden-name", node, key);
}

/** `x.constructor` makes objects like `x`; of a function it is the function that makes functions from text. */
function judgeConstructor(node: SyntaxNode, object: SyntaxNode | undefined, { parents, say, originOf, textOf, madeWith }: Sight): void {
  const parent = parents.at(-1);
  const made = madeWith(object) ?? object;
  const ofFunction = made?.type === "ArrowFunctionExpression" || made?.type === "FunctionExpression";
  const ofConstructor = made?.type === "MemberExpression" && keyOf(made, textOf) === "constructor";
  const ofPrototype =
    made?.type === "CallExpression" &&
    originOf(childOf(made, "callee")) === "Object.getPrototypeOf" &&
    isFunctionLike(unwrap(childrenOf(made, "arguments")[0]));
  const isCalled = parent?.type === "CallExpression" && childOf(parent, "callee") === node;
  if (ofFunction || ofConstructor || ofPrototype || isCalled) say("function-constructor", node, "constructor");
}

const isFunctionLike = (node: SyntaxNode | undefined) => node === undefined || node.type.includes("Function") || node.type === "Identifier";

const isInherited = (origin: string | undefined) =>
  origin !== undefined && /^(Object|Array|Function|String|Number|Promise|Map|Set|RegExp|Error)\.prototype$/.test(origin);

/** It is assigned to, or is the object that something is assigned into. */
function isWritten(parents: readonly SyntaxNode[]): boolean {
  const parent = parents.at(-1);
  const above = parents.at(-2);
  if (parent?.type === "MemberExpression" && above?.type === "AssignmentExpression") return childOf(above, "left") === parent;
  if (parent?.type !== "CallExpression") return false;
  const callee = childOf(parent, "callee");
  const name = callee === undefined ? "" : String(childOf(callee, "property")?.name);
  return ["assign", "defineProperty", "defineProperties", "setPrototypeOf", "set", "merge", "extend"].includes(name);
}
