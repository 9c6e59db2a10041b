import { createLineFinder } from "../line-at.ts";
import type { PythonTree } from "../parse-python.ts";
import { childOf, type SyntaxNode, walkProgram } from "../touches/source/walk-program.ts";
import { parseText } from "./parse-text.ts";

export interface FileShape {
  readonly lines: number;
  readonly functions: readonly FunctionShape[];
}

interface FunctionShape {
  /** Its own, or that of what it is kept in; several may have the same. */
  readonly name: string;
  readonly line: number;
  /** Cyclomatic complexity: one, and one for every place where the way parts. */
  readonly ways: number;
  /** How deep blocks that part the way stand in each other. */
  readonly depth: number;
}

type Measured = ({ readonly kind: "measured" } & FileShape) | { readonly kind: "not-measured"; readonly because: string };

/** @returns undefined for what is no JavaScript, TypeScript or Python, and for what does not parse: another check says that */
export function measureShape(path: string, text: string | null): Measured | undefined {
  if (!/\.([mc]?[jt]s|[jt]sx|py)$/i.test(path)) return undefined;
  const parsed = parseText(path, text);
  if (parsed.kind === "not-read") return { kind: "not-measured", because: parsed.because };
  if (parsed.kind !== "parsed") return undefined;
  const lineOf = createLineFinder(parsed.text);
  const lines = lineOf(parsed.text.length);
  try {
    const counted =
      parsed.program !== undefined ? countInProgram(parsed.program) : parsed.python !== undefined ? countInPython(parsed.python, parsed.text) : [];
    return { kind: "measured", lines, functions: counted.map(({ at, name, ways, depth }) => ({ name, ways, depth, line: lineOf(at) })) };
  } catch {
    return { kind: "not-measured", because: "it is too large to be measured" };
  }
}

interface Counting {
  readonly name: string;
  readonly at: number;
  ways: number;
  depth: number;
  nested: number;
}

const begin = (name: string, at: number): Counting => ({ name, at, ways: 1, depth: 0, nested: 0 });

const FUNCTIONS: ReadonlySet<string> = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression", "StaticBlock"]);
const PARTING: ReadonlySet<string> = new Set([
  "IfStatement",
  "ForStatement",
  "ForInStatement",
  "ForOfStatement",
  "WhileStatement",
  "DoWhileStatement",
  "CatchClause",
  "ConditionalExpression",
]);
const NESTING: ReadonlySet<string> = new Set([
  "IfStatement",
  "ForStatement",
  "ForInStatement",
  "ForOfStatement",
  "WhileStatement",
  "DoWhileStatement",
  "SwitchStatement",
  "TryStatement",
]);

function countInProgram(program: SyntaxNode): Counting[] {
  const done: Counting[] = [];
  const open: Counting[] = [begin("(top level)", 0)];
  const isElseIf = (node: SyntaxNode, parent: SyntaxNode | undefined) =>
    node.type === "IfStatement" && parent?.type === "IfStatement" && childOf(parent, "alternate") === node;
  const nests = new WeakSet<SyntaxNode>();
  walkProgram(program, {
    enter: (node, parents) => {
      const parent = parents.at(-1);
      if (FUNCTIONS.has(node.type)) open.push(begin(nameOf(node, parent), node.start));
      const here = open.at(-1);
      if (here === undefined) return;
      if (parts(node)) here.ways++;
      if (NESTING.has(node.type) && !isElseIf(node, parent)) {
        nests.add(node);
        here.depth = Math.max(here.depth, ++here.nested);
      }
    },
    leave: (node) => {
      const here = open.at(-1);
      if (here !== undefined && nests.has(node)) here.nested--;
      if (FUNCTIONS.has(node.type)) done.push(...open.splice(-1));
    },
  });
  return [...done, ...open];
}

function parts(node: SyntaxNode): boolean {
  if (node.type === "LogicalExpression") return true;
  if (node.type === "SwitchCase") return childOf(node, "test") !== undefined;
  if (node.type === "AssignmentExpression") return ["&&=", "||=", "??="].includes(String(node.operator));
  return PARTING.has(node.type);
}

function nameOf(node: SyntaxNode, parent: SyntaxNode | undefined): string {
  const own = childOf(node, "id")?.name;
  if (typeof own === "string") return own;
  const holder = parent === undefined ? undefined : (childOf(parent, "id") ?? childOf(parent, "key") ?? childOf(parent, "left"));
  const name = holder?.name ?? holder?.value;
  return typeof name === "string" && name !== "" ? name.slice(0, 100) : "(nameless)";
}

const PYTHON_PARTING: ReadonlySet<string> = new Set(["if", "elif", "for", "while", "except", "and", "or", "case"]);
const PYTHON_NESTING: ReadonlySet<string> = new Set(["IfStatement", "ForStatement", "WhileStatement", "TryStatement", "WithStatement", "MatchStatement"]);

function countInPython(tree: PythonTree, text: string): Counting[] {
  const done: Counting[] = [];
  const open: Counting[] = [begin("(top level)", 0)];
  tree.iterate({
    enter: (node) => {
      if (node.name === "FunctionDefinition" || node.name === "LambdaExpression") {
        const name = node.node.getChild("VariableName");
        open.push(begin(name === null || node.name === "LambdaExpression" ? "(nameless)" : text.slice(name.from, name.to), node.from));
      }
      const here = open.at(-1);
      if (here === undefined) return;
      if (PYTHON_PARTING.has(node.name)) here.ways++;
      if (PYTHON_NESTING.has(node.name)) here.depth = Math.max(here.depth, ++here.nested);
    },
    leave: (node) => {
      const here = open.at(-1);
      if (here !== undefined && PYTHON_NESTING.has(node.name)) here.nested--;
      if (node.name === "FunctionDefinition" || node.name === "LambdaExpression") done.push(...open.splice(-1));
    },
  });
  return [...done, ...open];
}
