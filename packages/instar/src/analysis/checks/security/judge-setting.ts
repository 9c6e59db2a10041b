import { childOf, childrenOf, type SyntaxNode } from "../../touches/source/walk-program.ts";
import { keyOf, unwrap } from "./read-names.ts";
import type { Sight } from "./sight.ts";

/** A name that is given a value: settings that take a protection away, and pieces of a page. */
export function judgeSetting(node: SyntaxNode, sight: Sight): void {
  const { textOf, say, parents } = sight;
  if (node.type === "JSXAttribute") {
    if (childOf(node, "name")?.name === "dangerouslySetInnerHTML") say("html-text", node);
    return;
  }
  if (node.type === "VariableDeclarator") {
    judgePattern(childOf(node, "id"), childOf(node, "init"), sight);
    return;
  }
  const isProperty = node.type === "Property";
  if (isProperty && parents.at(-1)?.type === "ObjectPattern") return;
  const target = isProperty ? childOf(node, "key") : unwrap(childOf(node, "left"));
  const value = unwrap(isProperty ? childOf(node, "value") : childOf(node, "right"));
  const isComputed = isProperty && node.computed === true;
  const name = target?.type === "MemberExpression" ? keyOf(target, textOf) : isComputed ? textOf(target) : String(target?.name ?? target?.value);
  if (name === undefined || value === undefined) return;
  if (!isProperty) judgePattern(target, value, sight);
  judgeProtection(node, name, value, sight);
  if (LOADER_VARIABLES.test(name)) say("loader-variable", node, name);
  if (isProperty && name === "__proto__" && value.value !== null) say("prototype-pollution", node, "__proto__");
  if (!isProperty && (name === "innerHTML" || name === "outerHTML") && textOf(value) === undefined) say("html-text", node);
}

const LOADER_VARIABLES =
  /^(?:NODE_OPTIONS|NODE_PATH|LD_PRELOAD|LD_LIBRARY_PATH|LD_AUDIT|DYLD_INSERT_LIBRARIES|PYTHONSTARTUP|BASH_ENV|PROMPT_COMMAND|GIT_SSH_COMMAND)$/;

/** Who is at the other end is checked unless somebody says otherwise; what cannot be told counts as saying so. */
function judgeProtection(node: SyntaxNode, name: string, value: SyntaxNode, { textOf, say }: Sight): void {
  if (name === "rejectUnauthorized" || name === "strictSSL") {
    if (value.value !== true) say("tls-off", node, value.value === false ? name : `${name} cannot be told`);
  } else if (name === "NODE_TLS_REJECT_UNAUTHORIZED") {
    if (textOf(value) !== "1") say("tls-off", node, name);
  } else if (name === "checkServerIdentity" && value.type !== "MemberExpression") say("tls-off", node, name);
}

/** `const { [x]: y } = process` is a computed member in other words. */
function judgePattern(pattern: SyntaxNode | undefined, value: SyntaxNode | undefined, { textOf, originOf, say }: Sight): void {
  if (pattern?.type !== "ObjectPattern") return;
  const base = originOf(value);
  for (const property of childrenOf(pattern, "properties")) {
    const key = childOf(property, "key");
    const name = property.computed === true ? textOf(key) : (key?.name ?? key?.value);
    if (name === "constructor") say("function-constructor", property, "constructor");
    const isPowerful = base !== undefined && /^(?:globalThis|process|child_process|vm|module)$/.test(base);
    if (isPowerful && property.computed === true) say(name === undefined ? "computed-access" : "hidden-name", property, base);
    if (isPowerful && property.type === "RestElement") say("global-escapes", property, base);
    if (base === "globalThis" && (name === "eval" || name === "Function")) say(name === "eval" ? "eval" : "function-constructor", property);
  }
}
