import { childOf, childrenOf, isNode, type SyntaxNode, stringOf } from "../touches/source/walk-program.ts";
import { foldSpecifier } from "./fold-specifier.ts";
import type { FoundImport, ImportKind } from "./module-facts.ts";

/** What calls and worker starts import: everything but `import … from`, `export … from` and what types import. Without recursion: a tree is as deep as its text is long. */
export function findCalledImports(program: unknown): FoundImport[] {
  const found: FoundImport[] = [];
  const requires = new Set(["require"]);
  const calls: { readonly node: SyntaxNode; readonly isOptional: boolean }[] = [];
  walk(program, (node, isOptional) => {
    if (node.type === "VariableDeclarator") for (const name of namesOfRequire(node)) requires.add(name);
    else if (INTERESTING.has(node.type)) calls.push({ node, isOptional });
  });
  for (const { node, isOptional } of calls) {
    const said = readImport(node, requires);
    if (said === undefined) continue;
    const [kind, argument] = said;
    const specifiers = argument === undefined ? [{ specifier: "*", isPattern: true }] : foldSpecifier(argument);
    const isGlob = kind === "dynamic" && node.type === "CallExpression";
    for (const { specifier, isPattern } of specifiers)
      found.push({ specifier, isPattern: isPattern || isGlob, at: node.start, kind, isOptional: isOptional || MAY_MISS.has(kind) });
  }
  return found;
}

/** A type is gone when the program runs, a mock stands for what is not there, and a URL may name what a build makes. */
const MAY_MISS: ReadonlySet<ImportKind> = new Set(["type", "mock", "url"]);

const INTERESTING: ReadonlySet<string> = new Set(["CallExpression", "NewExpression", "ImportExpression", "TSImportEqualsDeclaration"]);

/** Visits nodes in no particular order, each with whether the module can live without it. */
function walk(root: unknown, visit: (node: SyntaxNode, isOptional: boolean) => void): void {
  const nodes: unknown[] = [root];
  const optional: boolean[] = [false];
  while (nodes.length > 0) {
    const node = nodes.pop();
    const isOptional = optional.pop() ?? false;
    if (Array.isArray(node)) {
      for (const item of node) {
        nodes.push(item);
        optional.push(isOptional);
      }
      continue;
    }
    if (!isNode(node)) continue;
    visit(node, isOptional);
    const guarded = guardedPartOf(node);
    for (const key in node) {
      const value = node[key];
      if (typeof value !== "object" || value === null) continue;
      nodes.push(value);
      optional.push(isOptional || value === guarded);
    }
  }
}

/** The part whose failure is caught. */
function guardedPartOf(node: SyntaxNode): unknown {
  if (node.type === "TryStatement") return node["handler"] == null ? undefined : node["block"];
  if (node.type !== "CallExpression") return undefined;
  const callee = childOf(node, "callee");
  return callee?.type === "MemberExpression" && nameOf(childOf(callee, "property")) === "catch" ? callee : undefined;
}

function namesOfRequire(declarator: SyntaxNode): string[] {
  const init = childOf(declarator, "init");
  const isCreated = init?.type === "CallExpression" && calleeOf(init).at(-1) === "createRequire";
  const isAlias = nameOf(init) === "require";
  const name = nameOf(childOf(declarator, "id"));
  return (isCreated || isAlias) && name !== undefined ? [name] : [];
}

/** What a node imports: how, and the expression that says what; undefined for the latter where it can be anything. */
function readImport(node: SyntaxNode, requires: ReadonlySet<string>): readonly [ImportKind, SyntaxNode | undefined] | undefined {
  switch (node.type) {
    case "ImportExpression":
      return ["dynamic", childOf(node, "source")];
    case "TSImportEqualsDeclaration": {
      const reference = childOf(node, "moduleReference");
      return reference?.type === "TSExternalModuleReference"
        ? [node["importKind"] === "type" ? "type" : "require", childOf(reference, "expression")]
        : undefined;
    }
    case "NewExpression":
      return readNew(node);
    case "CallExpression":
      return readCall(node, requires);
    default:
      return undefined;
  }
}

function readNew(node: SyntaxNode): readonly [ImportKind, SyntaxNode] | undefined {
  const name = calleeOf(node).at(-1) ?? "";
  const [first, base] = childrenOf(node, "arguments");
  if (first === undefined) return undefined;
  if (/^(?:Shared)?Worker$/.test(name)) return ["program", first];
  return name === "URL" && base !== undefined && isOwnUrl(base) ? ["url", first] : undefined;
}

const isOwnUrl = (node: SyntaxNode) =>
  nameOf(node) === "__filename" ||
  (node.type === "MemberExpression" && childOf(node, "object")?.type === "MetaProperty" && nameOf(childOf(node, "property")) === "url");

const MOCKING =
  /^(?:mock|doMock|unmock|doUnmock|dontMock|deepUnmock|setMock|requireActual|requireMock|importActual|importMock|createMockFromModule|genMockFromModule|unstable_mockModule|module)$/;

function readCall(node: SyntaxNode, requires: ReadonlySet<string>): readonly [ImportKind, SyntaxNode | undefined] | undefined {
  const callee = childOf(node, "callee");
  const [first] = childrenOf(node, "arguments");
  if (callee?.type === "CallExpression" && calleeOf(callee).at(-1) === "createRequire") return ["require", first];
  const names = calleeOf(node);
  const [object = "", method] = [names.at(-2), names.at(-1) ?? ""];
  if (names.length === 1 && requires.has(method)) return ["require", first];
  if (method === "resolve" && (requires.has(object) || object === "import.meta")) return ["require", first];
  if (method === "require" && object === "module") return ["require", first];
  if (first === undefined) return undefined;
  if (/^(?:jest|vi|vitest|mock)$/.test(object) && MOCKING.test(method))
    return stringOf(first) === undefined && first.type !== "ImportExpression" ? undefined : ["mock", first];
  if (method === "glob" && object === "import.meta") return ["dynamic", first];
  return method === "fork" && /^(?:|child_process|childProcess|cp)$/.test(object) ? ["program", first] : undefined;
}

/** `a.b.c()` as `[a, b, c]`, as far as it is made of names. */
function calleeOf(call: SyntaxNode): string[] {
  const names: string[] = [];
  for (let at = childOf(call, "callee"); at !== undefined && names.length < 5; at = childOf(at, "object")) {
    if (at.type === "ChainExpression" || at.type === "ParenthesizedExpression") at = childOf(at, "expression") ?? at;
    if (at.type === "MetaProperty") return ["import.meta", ...names];
    if (at.type !== "MemberExpression") return [nameOf(at) ?? "", ...names].slice(at.type === "Identifier" ? 0 : 1);
    names.unshift((at["computed"] === true ? stringOf(childOf(at, "property")) : nameOf(childOf(at, "property"))) ?? "");
  }
  return names;
}

const nameOf = (node: unknown): string | undefined =>
  isNode(node) && node.type === "Identifier" && typeof node["name"] === "string" ? node["name"] : undefined;
