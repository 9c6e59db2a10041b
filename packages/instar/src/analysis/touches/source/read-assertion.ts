import type { Assertion } from "./source.ts";
import { type Chain, childOf, childrenOf, type SyntaxNode } from "./walk-program.ts";

export interface AssertionPlace {
  readonly node: SyntaxNode;
  readonly chain: Chain;
  readonly parents: readonly SyntaxNode[];
  readonly cut: (node: SyntaxNode) => string;
  readonly line: number;
  /** The body of the test around it. */
  readonly within: SyntaxNode | undefined;
  readonly isDead: boolean;
}

/** An assertion with what makes it strict or empty; undefined where the chain asserts nothing. */
export function readAssertion({ node, chain, parents, cut, line, within, isDead }: AssertionPlace): Assertion | undefined {
  if (!isAssertion(node, chain, parents)) return undefined;
  const surroundings = within === undefined ? [] : parents.slice(parents.lastIndexOf(within) + 1);
  return {
    text: cut(node),
    line,
    strictness: weigh(chain, node, cut),
    isTrivial: isTrivial(node, chain, cut),
    isSwallowed: chain.names.at(-1) === "catch" || surroundings.some((parent, at) => isSwallowing(parent, surroundings[at + 1], cut)),
    isConditional: surroundings.some(
      ({ type }) => type === "IfStatement" || type === "ConditionalExpression" || type === "LogicalExpression" || type === "SwitchCase",
    ),
    isDead,
  };
}

const METHODS =
  /^(ok|notOk|is|not|isNot|equal|equals|same|deepEqual|notDeepEqual|strictEqual|notStrictEqual|deepStrictEqual|notDeepStrictEqual|partialDeepStrictEqual|throws|doesNotThrow|notThrows|throwsAsync|rejects|doesNotReject|match|doesNotMatch|regex|like|truthy|falsy|true|false|assert|pass|fail|snapshot|matchObject|plan|ifError)$/;

function isAssertion(node: SyntaxNode, { root, names, rootCall }: Chain, parents: readonly SyntaxNode[]): boolean {
  const last = names.at(-1) ?? "";
  const parent = parents.at(-1);
  const isCall = node.type === "CallExpression";
  if (root === "expect" || root === "should" || /^expect[A-Z]\w*$/.test(root)) {
    // `expect(x).to.be.true` asserts by being read; `expect(x)` alone and `expect.any(…)` assert nothing.
    if (rootCall === undefined) return isCall && /^(assertions|hasAssertions|soft|poll|fail|unreachable)$/.test(last) && parent?.type !== "MemberExpression";
    if (names.length === 0) return isCall && root !== "expect" && root !== "should" && parent?.type !== "MemberExpression";
    return parent?.type !== "MemberExpression" && (isCall || parent?.type === "ExpressionStatement" || parent?.type === "AwaitExpression");
  }
  if (names.includes("should")) return isCall || parent?.type === "ExpressionStatement";
  if (!isCall) return false;
  if (/^(assert|chai|fc|sinon)$/.test(root) || /^(assert|verify|check)[A-Z]\w*$/.test(root)) return root !== "fc" || last === "assert";
  if (names.some((name) => name === "assert" || name === "expect")) return true;
  if (names.length === 0)
    return (
      /^(strictEqual|deepStrictEqual|deepEqual|notStrictEqual|notDeepStrictEqual|rejects|throws|ok|equal)$/.test(root) &&
      childrenOf(node, "arguments").length > 0
    );
  return /^(t|tap|tt|qunit|QUnit)$/.test(root) && names.length === 1 && METHODS.test(last);
}

const TOLERANT =
  /^(toBeDefined|toBeTruthy|toBeFalsy|toBeUndefined|toBeNull|toBeInstanceOf|toBeTypeOf|toBeAny|toHaveBeenCalled|toBeGreaterThanOrEqual|ok|exist|exists|truthy|falsy|isOk|isDefined|instanceOf|pass|defined|notThrows|doesNotThrow|assert)$/;
const PARTIAL =
  /^(toContain|toMatch|toMatchObject|toContainEqual|toHaveLength|toHaveProperty|toBeGreaterThan|toBeLessThan|toBeLessThanOrEqual|toBeCloseTo|match|matchObject|like|include|includes|contain|notEqual|notStrictEqual|notDeepEqual|notDeepStrictEqual|partialDeepStrictEqual|toHaveBeenCalledTimes|regex)$/;

function weigh({ root, names }: Chain, node: SyntaxNode, cut: AssertionPlace["cut"]): 0 | 1 | 2 {
  const last = names.at(-1) ?? root;
  const given = childrenOf(node, "arguments");
  if (TOLERANT.test(last)) return 0;
  if (names.includes("not") && root === "expect") return 0;
  if (given.some((argument) => /\bexpect\.(anything|any)\(|\bany\(\)/.test(cut(argument)))) return 0;
  if (PARTIAL.test(last)) return 1;
  // "It throws something" asks less than what it throws.
  return /^(toThrow|toThrowError|throws|rejects|throw)$/.test(last) && given.length < (root === "expect" ? 1 : 2) ? 1 : 2;
}

function isTrivial(node: SyntaxNode, { names, rootCall }: Chain, cut: AssertionPlace["cut"]): boolean {
  const given = childrenOf(node, "arguments");
  const subject = rootCall === undefined || rootCall === node ? given[0] : childrenOf(rootCall, "arguments")[0];
  const expected = rootCall === undefined || rootCall === node ? given[1] : given[0];
  if (subject === undefined || names.at(-1) === "fail" || names.at(-1) === "plan" || names.at(-1) === "assertions") return false;
  if (isAlwaysTrue(subject)) return true;
  if (isConstant(subject) && (expected === undefined || isConstant(expected)) && names.at(-1) !== "unreachable") return true;
  return expected !== undefined && !names.includes("not") && cut(subject) === cut(expected) && !/\(/.test(cut(subject));
}

const isConstant = (node: SyntaxNode): boolean => node.type === "Literal" || (node.type === "UnaryExpression" && childOf(node, "argument")?.type === "Literal");

/** `x || true`, `true`, `1`, `!0` do not depend on anything. */
function isAlwaysTrue(node: SyntaxNode): boolean {
  if (node.type === "LogicalExpression" && node.operator === "||") {
    const right = childOf(node, "right");
    return right !== undefined && isConstant(right) && right.value !== false && right.value !== null;
  }
  return false;
}

/** The `try` around an assertion whose `catch` neither throws nor asserts. */
function isSwallowing(parent: SyntaxNode, inside: SyntaxNode | undefined, cut: AssertionPlace["cut"]): boolean {
  const handler = parent.type === "TryStatement" ? childOf(parent, "handler") : undefined;
  if (handler === undefined || (inside !== undefined && inside !== childOf(parent, "block"))) return false;
  return !/\b(throw|expect|assert|fail|reject|done|should)\b/.test(cut(handler));
}
