import { childOf, childrenOf, isNode, type SyntaxNode } from "../touches/source/walk-program.ts";

/** Stands for what is computed while an expression is folded; no file's name holds it. */
const HOLE = "\0";
/** Deeper expressions, and more choices, are data. */
const DEEPEST = 30;
const MOST = 16;

/**
 * What an expression that names a module can be: `"./a" + x + ".js"` is `./a*.js`, `ok ? "./a" : "./b"` is both, and what cannot be known at all is
 * `*`. `__dirname` and the like are `.`, so that the result is relative to the module.
 */
export function foldSpecifier(node: SyntaxNode): { readonly specifier: string; readonly isPattern: boolean }[] {
  return [...new Set(fold(node, 0))].map((text) => {
    const isGlob = node.type === "Literal" ? false : text.includes(HOLE);
    return { specifier: text.replace(/\0+/g, "*"), isPattern: isGlob };
  });
}

function fold(node: SyntaxNode | undefined, depth: number): string[] {
  if (node === undefined || depth > DEEPEST) return [HOLE];
  const inner = (key: string) => fold(childOf(node, key), depth + 1);
  switch (node.type) {
    case "Literal":
      return [typeof node["value"] === "string" ? node["value"] : HOLE];
    case "TemplateLiteral":
      return foldTemplate(node, depth);
    case "BinaryExpression":
      return node["operator"] === "+" ? combine(inner("left"), inner("right"), "") : [HOLE];
    case "ConditionalExpression":
      return [...inner("consequent"), ...inner("alternate")].slice(0, MOST);
    case "LogicalExpression":
      return [...inner("left"), ...inner("right")].slice(0, MOST);
    case "ArrayExpression":
      return childrenOf(node, "elements")
        .slice(0, MOST)
        .flatMap((element) => fold(element, depth + 1));
    case "Identifier":
      return [node["name"] === "__dirname" ? "." : HOLE];
    case "ImportExpression":
      return inner("source");
    case "MemberExpression":
      return foldMember(node, depth);
    case "NewExpression":
    case "CallExpression":
      return foldCall(node, depth);
    default:
      return isNode(node["expression"]) ? inner("expression") : [HOLE];
  }
}

function foldTemplate(node: SyntaxNode, depth: number): string[] {
  const holes = childrenOf(node, "expressions");
  return childrenOf(node, "quasis").reduce<string[]>(
    (texts, quasi, index) => {
      const value = quasi["value"];
      const cooked = typeof value === "object" && value !== null && "cooked" in value && typeof value.cooked === "string" ? value.cooked : HOLE;
      const hole = holes[index];
      return combine(combine(texts, [cooked], ""), hole === undefined ? [""] : fold(hole, depth + 1), "");
    },
    [""],
  );
}

/** `import.meta.dirname`, and parts of a URL that was made here. */
function foldMember(node: SyntaxNode, depth: number): string[] {
  const name = childOf(node, "property")?.["name"];
  if (childOf(node, "object")?.type === "MetaProperty") return [name === "dirname" ? "." : HOLE];
  return name === "href" || name === "pathname" ? fold(childOf(node, "object"), depth + 1) : [HOLE];
}

/** `join(__dirname, "x.js")`, `fileURLToPath(new URL("x.js", import.meta.url))` and the like. */
function foldCall(node: SyntaxNode, depth: number): string[] {
  const callee = childOf(node, "callee");
  const name = callee?.type === "MemberExpression" ? childOf(callee, "property")?.["name"] : callee?.["name"];
  const parts = childrenOf(node, "arguments");
  switch (name) {
    case "join":
    case "resolve":
      // require.resolve names a module by itself; path.resolve takes parts.
      return parts.length === 0 ? [HOLE] : parts.map((part) => fold(part, depth + 1)).reduce((left, right) => combine(left, right, "/"));
    case "URL":
      return fold(parts[0], depth + 1).map((text) => (/^[./\0]|:/.test(text) ? text : `./${text}`));
    case "fileURLToPath":
    case "pathToFileURL":
    case "String":
    case "toString":
      return fold(parts[0] ?? (callee && childOf(callee, "object")), depth + 1);
    case "dirname":
      return ["."];
    default:
      return [HOLE];
  }
}

const combine = (left: readonly string[], right: readonly string[], between: string) =>
  left.flatMap((one) => right.map((other) => `${one}${between}${other}`)).slice(0, MOST);
