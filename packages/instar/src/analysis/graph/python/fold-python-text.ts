import type { PythonNode } from "../../parse-python.ts";

/** Stands for what is computed while an expression is folded; no module's name holds it. */
export const HOLE = "\0";
/** Deeper expressions, and more choices, are data. */
const DEEPEST = 30;
const MOST = 16;
const LONGEST = 1_000;

/** The texts that an expression can be: `"a." + x` is `a.` and a hole; what cannot be known at all is a hole. */
export function foldPythonText(node: PythonNode | null, text: string, depth = 0): string[] {
  if (node === null || depth > DEEPEST || node.to - node.from > LONGEST) return [HOLE];
  const inner = (each: PythonNode | null) => foldPythonText(each, text, depth + 1);
  switch (node.name) {
    case "String":
      return [contentOf(text.slice(node.from, node.to)) ?? HOLE];
    case "FormatString":
      return [foldFormat(node, text)];
    case "ContinuedString":
      return childrenOf(node).reduce((texts, each) => combine(texts, inner(each)), [""]);
    case "ParenthesizedExpression":
      return inner(node.firstChild?.nextSibling ?? null);
    case "ConditionalExpression":
      return [...inner(node.firstChild), ...inner(node.lastChild)].slice(0, MOST);
    case "BinaryExpression": {
      const operator = node.firstChild?.nextSibling;
      const sign = operator ? text.slice(operator.from, operator.to) : "";
      if (sign === "+") return combine(inner(node.firstChild), inner(node.lastChild));
      if (sign === "%") return inner(node.firstChild).map((each) => each.replace(/%\w|%\(\w{1,100}\)\w/g, HOLE));
      return sign === "or" ? [...inner(node.firstChild), ...inner(node.lastChild)].slice(0, MOST) : [HOLE];
    }
    case "CallExpression":
      return foldMethod(node, text, inner);
    default:
      return [HOLE];
  }
}

/** `"a.{}".format(x)` */
function foldMethod(node: PythonNode, text: string, inner: (each: PythonNode | null) => string[]): string[] {
  const callee = node.firstChild;
  const method = callee?.name === "MemberExpression" ? callee.lastChild : null;
  if (method === null || method === undefined || text.slice(method.from, method.to) !== "format") return [HOLE];
  return inner(callee?.firstChild ?? null).map((each) => each.replace(/\{[^{}]*\}/g, HOLE));
}

function foldFormat(node: PythonNode, text: string): string {
  let [folded, at] = ["", node.from];
  for (const hole of childrenOf(node)) {
    if (hole.name !== "FormatReplacement") continue;
    folded += text.slice(at, hole.from) + HOLE;
    at = hole.to;
  }
  return contentOf(folded + text.slice(at, node.to)) ?? HOLE;
}

/** Children of a small node. */
function childrenOf(node: PythonNode): PythonNode[] {
  const children: PythonNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

const combine = (ones: readonly string[], others: readonly string[]) => ones.flatMap((one) => others.map((other) => one + other)).slice(0, MOST);

/** What stands between the quotes; undefined where an escape would have to be read. */
export function contentOf(literal: string): string | undefined {
  const match = /^([A-Za-z]{0,3})("""|'''|"|')/.exec(literal);
  const quote = match?.[2] ?? "";
  const start = match?.[0].length ?? 0;
  if (match === null || literal.length < start + quote.length || !literal.endsWith(quote)) return undefined;
  const content = literal.slice(start, literal.length - quote.length);
  return content.includes("\\") ? undefined : content;
}
