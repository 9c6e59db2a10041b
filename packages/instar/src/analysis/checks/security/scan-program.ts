import { type SyntaxNode, walkProgram } from "../../touches/source/walk-program.ts";
import { judgeCall } from "./judge-call.ts";
import { judgeMember } from "./judge-member.ts";
import { judgeName } from "./judge-name.ts";
import { judgeSetting } from "./judge-setting.ts";
import { judgeString } from "./judge-string.ts";
import { judgeText } from "./judge-text.ts";
import { piecesOf, readNames, WRAPPERS } from "./read-names.ts";
import type { Hit, SecurityRule } from "./rules.ts";
import type { Sight } from "./sight.ts";

/**
 * Whatever in a JavaScript or TypeScript program reaches for something powerful in a way that cannot be told from here, besides what is known
 * to be bad. Nothing of it is run; names and texts are followed as far as reading goes. Each place is told once for each rule.
 *
 * @throws RangeError for a program too large to be walked
 */
export function scanProgram(program: SyntaxNode, text: string): Hit[] {
  const hits = new Map<string, Hit>();
  const add = (rule: SecurityRule, { start, end }: SyntaxNode, detail?: string) => {
    const key = `${rule} ${start}`;
    if (!hits.has(key)) hits.set(key, { rule, start, end, ...(detail === undefined ? {} : { detail }) });
  };
  const names = readNames(program);
  let obfuscated = 0;
  walkProgram(program, {
    enter: (node, parents) => {
      const sight: Sight = { ...names, text, parents, say: (rule, at, detail) => add(rule, widen(at, at === node ? parents : []), detail) };
      if (node.type === "Identifier" && /^_0x[0-9a-f]{3,10}$/.test(String(node.name)) && ++obfuscated === FEW_NAMES) add("obfuscated-names", node);
      JUDGES[node.type]?.(node, sight);
      if (isWholeText(node, parents.at(-1))) judgeWhole(node, sight);
    },
    leave: () => {},
  });
  return [...hits.values()];
}

/** A name or a member with what is done with it: the same name in another call is another finding. */
function widen(node: SyntaxNode, parents: readonly SyntaxNode[]): SyntaxNode {
  let widest = node;
  for (let at = parents.length - 1; at >= 0 && (widest.type === "Identifier" || widest.type === "MemberExpression" || WRAPPERS.has(widest.type)); at--) {
    const parent = parents[at];
    if (parent === undefined || !(DOES.has(parent.type) || WRAPPERS.has(parent.type))) break;
    widest = parent;
  }
  return widest;
}

const DOES: ReadonlySet<string> = new Set(["MemberExpression", "CallExpression", "NewExpression", "AssignmentExpression"]);

/** A person may name one or two so. */
const FEW_NAMES = 10;

const JUDGES: Readonly<Record<string, (node: SyntaxNode, sight: Sight) => void>> = {
  Identifier: judgeName,
  MemberExpression: judgeMember,
  CallExpression: judgeCall,
  NewExpression: judgeCall,
  ImportExpression: judgeCall,
  ImportDeclaration: judgeCall,
  ExportNamedDeclaration: judgeCall,
  ExportAllDeclaration: judgeCall,
  TSImportEqualsDeclaration: judgeCall,
  AssignmentExpression: judgeSetting,
  VariableDeclarator: judgeSetting,
  Property: judgeSetting,
  JSXAttribute: judgeSetting,
  Literal: judgeText,
  TemplateLiteral: judgeText,
  BinaryExpression: judgeText,
};

/** A text, or something that is put together as one, and no part of a greater one. */
function isWholeText(node: SyntaxNode, parent: SyntaxNode | undefined): boolean {
  if (node.type === "CallExpression") return true;
  if (!["Literal", "TemplateLiteral", "BinaryExpression"].includes(node.type)) return false;
  return parent === undefined || !(parent.type === "BinaryExpression" && parent.operator === "+" && node.type === "BinaryExpression");
}

function judgeWhole(node: SyntaxNode, { textOf, say }: Sight): void {
  const text = textOf(node);
  if (text !== undefined) for (const rule of judgeString(text)) say(rule, node);
  else if (node.type === "TemplateLiteral" || (node.type === "BinaryExpression" && node.operator === "+"))
    // What cannot be told stands for anything; the rest is looked at with a word in its place.
    for (const rule of judgeString(
      piecesOf(node)
        .map((piece) => (typeof piece === "string" ? piece : (textOf(piece) ?? "X")))
        .join(""),
    ))
      say(rule, node);
}
