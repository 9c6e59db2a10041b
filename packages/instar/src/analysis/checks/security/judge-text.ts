import { childOf, type SyntaxNode } from "../../touches/source/walk-program.ts";
import { keyOf, piecesOf, unwrap } from "./read-names.ts";
import type { Sight } from "./sight.ts";

/** How a text is written: readable letters in escapes, and SQL that is put together. */
export function judgeText(node: SyntaxNode, sight: Sight): void {
  if (node.type === "BinaryExpression" && (node.operator !== "+" || isPartOfSum(sight.parents.at(-1)))) return;
  if (node.type !== "BinaryExpression") judgeEscapes(node, sight);
  if (node.type !== "Literal") judgeSql(node, sight);
}

const isPartOfSum = (parent: SyntaxNode | undefined) => parent?.type === "BinaryExpression" && parent.operator === "+";

/** Letters and digits that somebody took the trouble to write as numbers. Colours of a terminal and the like are no letters. */
const ESCAPED_LETTER = /\\(?:x(?:3[0-9]|[46][1-9a-f]|[57][0-9a])|u(?:00|\{0{0,4})(?:3[0-9]|[46][1-9a-f]|[57][0-9a])\}?)/gi;
const FEW = 4;
const LOOKED_AT = 100_000;

function judgeEscapes(node: SyntaxNode, { text, say }: Sight): void {
  if (node.type === "Literal" && typeof node.value !== "string") return;
  const raw = text.slice(node.start, Math.min(node.end, node.start + LOOKED_AT));
  if ((raw.match(ESCAPED_LETTER)?.length ?? 0) >= FEW) say("escaped-text", node);
}

const STATEMENT =
  /^\s{0,20}(?:select\b[\s\S]{1,2000}\bfrom\b|insert\s{1,5}into\b|update\b[\s\S]{1,500}\bset\b|delete\s{1,5}from\b|(?:drop|alter|create|truncate)\s{1,5}(?:table|database|index|user)\b)/i;
const SHOUTED = /^\s{0,20}(?:SELECT\b[\s\S]{1,2000}\bFROM\b|INSERT\s+INTO\b|UPDATE\b[\s\S]{1,500}\bSET\b|DELETE\s+FROM\b)/;
const ASKS = /^(?:query|execute|exec|run|all|get|each|prepare|raw|unsafe|\$queryRawUnsafe|\$executeRawUnsafe|literal|one|many|none|any)$/;

function judgeSql(node: SyntaxNode, { parents, say, textOf }: Sight): void {
  const parent = parents.at(-1);
  // What a tag does with the holes is the tag's.
  if (parent?.type === "TaggedTemplateExpression") return;
  const pieces = piecesOf(node).map((piece) => (typeof piece === "string" ? piece : textOf(piece)));
  if (pieces.every((piece) => piece !== undefined)) return;
  const statement = pieces
    .map((piece) => piece ?? "?")
    .join("")
    .slice(0, 3_000);
  const callee = parent?.type === "CallExpression" ? unwrap(childOf(parent, "callee")) : undefined;
  const asks = callee?.type === "MemberExpression" && ASKS.test(keyOf(callee, textOf) ?? "");
  if (asks ? STATEMENT.test(statement) : SHOUTED.test(statement)) say("sql-text", node);
}
