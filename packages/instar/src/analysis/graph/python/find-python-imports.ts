import type { PythonNode, PythonTree } from "../../parse-python.ts";
import type { FoundImport } from "../module-facts.ts";
import { findComputedImport } from "./find-computed-import.ts";
import { contentOf } from "./fold-python-text.ts";

/** Longer names are no names. */
const LONGEST = 500;
/** More strings than these that look like modules are a table. */
const MOST_TEXTS = 2_000;

/**
 * Imports of a syntax tree, in the order of the text: statements, wherever they stand, calls that import, and strings that may name a module
 * (`uvicorn.run("app.main:app")`).
 */
export function findPythonImports(tree: PythonTree, text: string): FoundImport[] {
  const found: FoundImport[] = [];
  let statement: { readonly to: number; readonly tokens: string[] } | undefined;
  let [optionalUntil, texts] = [0, 0];

  const enter = (ref: Pick<PythonNode, "name" | "from" | "to" | "node">): void => {
    const { name, from, to } = ref;
    if (statement !== undefined) {
      if (name !== "Comment") statement.tokens.push(text.slice(from, Math.min(to, from + LONGEST + 1)));
      return;
    }
    switch (name) {
      case "ImportStatement":
        statement = { to, tokens: [] };
        return;
      case "Body":
        if (to > optionalUntil && isOptionalBody(ref.node, text)) optionalUntil = to;
        return;
      case "CallExpression":
        for (const each of findComputedImport(ref.node, text)) found.push({ ...each, kind: "python", at: from, isOptional: from < optionalUntil });
        return;
      case "String": {
        const module = texts < MOST_TEXTS && to - from <= LONGEST ? nameModule(contentOf(text.slice(from, to))) : undefined;
        if (module === undefined) return;
        texts++;
        found.push({ specifier: module, isPattern: false, kind: "python-text", at: from, isOptional: true });
        return;
      }
      default:
    }
  };
  tree.iterate({
    enter,
    leave: ({ name, from }) => {
      if (name !== "ImportStatement" || statement === undefined) return;
      for (const each of readStatement(statement.tokens)) found.push({ ...each, at: from, isOptional: from < optionalUntil });
      statement = undefined;
    },
  });
  return found;
}

/** What follows `try` and `except` of a statement that has both, what only a type checker reads, and what may fail in a `with suppress`. */
function isOptionalBody(body: PythonNode, text: string): boolean {
  const parent = body.parent;
  const before = body.prevSibling;
  if (parent === null || before === null) return false;
  switch (parent.name) {
    case "IfStatement":
      return /^(?:\w{1,100}\s*\.\s*)?TYPE_CHECKING$/.test(text.slice(before.from, Math.min(before.to, before.from + 200)));
    case "WithStatement":
      return /\bsuppress\s*\(/.test(text.slice(parent.from, Math.min(body.from, parent.from + 500)));
    case "TryStatement":
      return before.name !== "else" && before.name !== "finally" && (before.name !== "try" || body.nextSibling?.name === "except");
    default:
      return false;
  }
}

type Said = Pick<FoundImport, "specifier" | "isPattern" | "kind">;

/** `from a import b, c` says that `a` is there, and that `b` and `c` may be modules of it. */
function readStatement(tokens: readonly string[]): Said[] {
  const start = tokens.indexOf("import");
  const names = splitNames(tokens.slice(start + 1));
  if (start === 0) return names.map((name) => ({ specifier: name, isPattern: false, kind: "python" }));
  const module = tokens.slice(1, start).join("").normalize("NFKC");
  if (start === -1 || module === "" || module.length > LONGEST) return [];
  const prefix = module.endsWith(".") ? module : `${module}.`;
  return [
    { specifier: module, isPattern: false, kind: "python" },
    ...names.map((name): Said => ({ specifier: `${prefix}${name}`, isPattern: name === "*", kind: "python-name" })),
  ];
}

/** Python reads names in their compatible form (PEP 3131). */
function splitNames(tokens: readonly string[]): string[] {
  const names: string[] = [];
  let [name, isAlias] = ["", false];
  for (const token of [...tokens, ","]) {
    if (token === "," || token === "(" || token === ")") {
      if (name !== "" && name.length <= LONGEST) names.push(name.normalize("NFKC"));
      [name, isAlias] = ["", false];
    } else if (token === "as") isAlias = true;
    else if (!isAlias && name.length <= LONGEST) name += token;
  }
  return names;
}

/** `app.main`, `app.main:app` and `main:app` may name a module; a single word could be anything. */
function nameModule(content: string | undefined): string | undefined {
  if (content === undefined || !/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?::[A-Za-z_][\w.]*(?:\(\))?)?$/.test(content)) return undefined;
  const colon = content.indexOf(":");
  if (colon !== -1) return content.slice(0, colon);
  return content.includes(".") ? content : undefined;
}
