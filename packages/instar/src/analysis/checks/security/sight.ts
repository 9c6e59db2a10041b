import { childOf, type SyntaxNode } from "../../touches/source/walk-program.ts";
import type { Names } from "./read-names.ts";
import type { SecurityRule } from "./rules.ts";

/** What every judge of a piece of program gets. */
export interface Sight extends Names {
  readonly text: string;
  /** The way down to it, the nearest last. */
  readonly parents: readonly SyntaxNode[];
  readonly say: (rule: SecurityRule, node: SyntaxNode, detail?: string) => void;
}

/** True for a piece that stands for itself: no part of a type, of a declaration or of a key. */
export function isReference(node: SyntaxNode, parents: readonly SyntaxNode[]): boolean {
  const parent = parents.at(-1);
  if (parent === undefined) return true;
  const isIn = (key: string) => childOf(parent, key) === node;
  switch (parent.type) {
    case "MemberExpression":
      return !isIn("property") || parent.computed === true;
    case "Property":
      return parents.at(-2)?.type === "ObjectPattern" ? isIn("key") && parent.computed === true : isIn("value") || parent.computed === true;
    case "MethodDefinition":
    case "PropertyDefinition":
    case "AccessorProperty":
      return isIn("value") || parent.computed === true;
    case "VariableDeclarator":
      return isIn("init");
    case "AssignmentPattern":
      return isIn("right");
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ClassDeclaration":
    case "ArrowFunctionExpression":
      return isIn("body") || isIn("superClass");
    default:
      return !NO_REFERENCE.has(parent.type) && (!parent.type.startsWith("TS") || VALUES_IN_TYPES.has(parent.type));
  }
}

const NO_REFERENCE: ReadonlySet<string> = new Set([
  "ImportSpecifier",
  "ImportDefaultSpecifier",
  "ImportNamespaceSpecifier",
  "RestElement",
  "ArrayPattern",
  "CatchClause",
  "LabeledStatement",
  "BreakStatement",
  "ContinueStatement",
  "MetaProperty",
  "ImportAttribute",
]);

const VALUES_IN_TYPES: ReadonlySet<string> = new Set([
  "TSAsExpression",
  "TSNonNullExpression",
  "TSSatisfiesExpression",
  "TSTypeAssertion",
  "TSExportAssignment",
  "TSInstantiationExpression",
  "TSEnumMember",
]);
