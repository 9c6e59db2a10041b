import { createLineFinder } from "../../line-at.ts";
import { parseProgram } from "../../parse-program.ts";
import { findGuards } from "./find-guards.ts";
import { isNestedTooDeep } from "./is-nested-too-deep.ts";
import { outlineProgramTests } from "./outline-program-tests.ts";
import { blankOut, renderLines, type Span } from "./render-lines.ts";
import type { Guard, Placed, Source } from "./source.ts";
import { sourceOfLines } from "./source-of-lines.ts";
import { chainOf, childOf, childrenOf, isNode, type SyntaxNode, stringOf, textOfQuasi, walkProgram } from "./walk-program.ts";

/** JavaScript and TypeScript. */
export function parseProgramSource(path: string, text: string): Source {
  if (isNestedTooDeep(text)) return sourceOfLines(text, { language: "program", unparsed: "it is nested too deep to be parsed" });
  const parsed = parseQuietly(path, text);
  const root: unknown = parsed?.program;
  if (parsed === undefined || !isNode(root)) return sourceOfLines(text, { language: "program", unparsed: "it could not be parsed" });

  const lineOf = createLineFinder(text);
  const strings: (Placed & Span)[] = [];
  const patterns: Span[] = [];
  const imports: Placed[] = [];
  const environment: Placed[] = [];
  const guards: Guard[] = [];
  const outline = outlineProgramTests(text, lineOf);
  walkProgram(root, {
    enter: (node, parents) => {
      const line = lineOf(node.start);
      if (node.type === "Literal" && "regex" in node) patterns.push({ start: node.start, end: node.end });
      for (const string of readString(node)) strings.push({ text: string, line, start: node.start, end: node.end });
      for (const name of readImport(node)) imports.push({ text: name, line });
      for (const name of readEnvironment(node, parents)) environment.push({ text: name, line });
      for (const guard of findGuards(node, parents)) guards.push({ ...guard, line });
      outline.enter(node, parents);
    },
    leave: outline.leave,
  });
  const comments = parsed.comments.map(({ value, start, end }) => ({ text: value, line: lineOf(start), start, end }));
  const values = renderLines(blankOut(text, [...comments, ...patterns]));
  const code = renderLines(blankOut(text, [...comments, ...strings]));
  return {
    language: "program",
    unparsed: null,
    lines: renderLines(text),
    code,
    values,
    comments,
    strings,
    imports,
    environment,
    guards,
    outline: outline.finish(),
  };
}

function parseQuietly(path: string, text: string): ReturnType<typeof parseProgram> {
  try {
    return parseProgram(path, text);
  } catch {
    return undefined;
  }
}

function readString(node: SyntaxNode): string[] {
  if (node.type === "TemplateElement") return [textOfQuasi(node)];
  if (node.type === "JSXText") return [String(node.value)];
  if (node.type !== "Literal") return [];
  const value = stringOf(node);
  if (value !== undefined) return [value];
  return "regex" in node ? [""] : [];
}

function readImport(node: SyntaxNode): string[] {
  const [first] = childrenOf(node, "arguments");
  const isRequire =
    node.type === "CallExpression" &&
    /^(require|require\.resolve|module\.require|process\.binding|process\.getBuiltinModule)$/.test(renderChain(childOf(node, "callee")));
  const named = isRequire ? first : IMPORTING.has(node.type) && node.importKind !== "type" ? childOf(node, "source") : undefined;
  if (named === undefined) return [];
  return [stringOf(named) ?? "(computed)"];
}

const IMPORTING: ReadonlySet<string> = new Set(["ImportDeclaration", "ImportExpression", "ExportNamedDeclaration", "ExportAllDeclaration"]);

function renderChain(node: SyntaxNode | undefined): string {
  const chain = node && chainOf(node);
  return chain === undefined ? "" : [chain.root, ...chain.names].join(".");
}

/** `process.env.X`, `process.env["X"]`, `const { X } = process.env`, `import.meta.env.X`, `Deno.env.get("X")`; `*` where all of it is taken. */
function readEnvironment(node: SyntaxNode, parents: readonly SyntaxNode[]): string[] {
  if (!isEnvironment(node)) return [];
  const parent = parents.at(-1);
  if (parent?.type === "MemberExpression" && parent.object === node) {
    const property = childOf(parent, "property");
    if (parent.computed === true) return [stringOf(property) ?? "*"];
    const name = String(property?.name);
    if (renderChain(node) !== "Deno.env" && renderChain(node) !== "Bun.env") return [name];
    const [argument] = childrenOf(parents.at(-2) ?? node, "arguments");
    return [argument === undefined ? name : (stringOf(argument) ?? "*")];
  }
  if (parent?.type === "VariableDeclarator" && childOf(parent, "id")?.type === "ObjectPattern")
    return childrenOf(childOf(parent, "id") ?? node, "properties").map((property) => {
      const key = childOf(property, "key");
      return property.type === "RestElement" || (property.computed === true && stringOf(key) === undefined) ? "*" : (stringOf(key) ?? String(key?.name));
    });
  return ["*"];
}

function isEnvironment(node: SyntaxNode): boolean {
  if (node.type !== "MemberExpression") return false;
  const property = childOf(node, "property");
  const name = node.computed === true ? stringOf(property) : property?.name;
  if (name !== "env") return false;
  const object = childOf(node, "object");
  return object?.type === "MetaProperty" || /^((globalThis|global)\.)?(process|Deno|Bun)$/.test(renderChain(object));
}
