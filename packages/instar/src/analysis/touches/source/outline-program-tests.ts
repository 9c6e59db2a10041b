import { type AssertionPlace, readAssertion } from "./read-assertion.ts";
import type { Assertion, OutlinedTest, Placed, TestOutline } from "./source.ts";
import { type Chain, chainOf, childOf, childrenOf, type SyntaxNode, stringOf, type Visitor } from "./walk-program.ts";

type Growing<T> = { -readonly [Key in keyof T]: T[Key] };
interface OpenTest {
  readonly test: Growing<OutlinedTest> & { readonly assertions: Assertion[] };
  readonly call: SyntaxNode;
  readonly body: SyntaxNode | undefined;
  /** Where its body returns before its end: what comes later is dead. */
  returnsAt: number;
}

/** How much of a title is told apart. */
const TITLE = 1_000;

/** Finds the tests of a program while it is walked. */
export function outlineProgramTests(text: string, lineOf: (index: number) => number): Visitor & { readonly finish: () => TestOutline } {
  const tests: OpenTest["test"][] = [];
  const open: OpenTest[] = [];
  const elsewhere: Assertion[] = [];
  const only: Placed[] = [];
  const mocks: Placed[] = [];
  const leniencies: (Placed & { amount: number })[] = [];
  const exits: Placed[] = [];
  const overrides: Placed[] = [];
  const seen = new Set<SyntaxNode>();
  const cut = (node: SyntaxNode) => text.slice(node.start, Math.min(node.end, node.start + 300)).replace(/\s+/g, " ");

  const enterCall = (node: SyntaxNode, chain: Chain, parents: readonly SyntaxNode[]): void => {
    const line = lineOf(node.start);
    const place = { text: [chain.root, ...chain.names].join("."), line };
    const opened = openTest(node, chain);
    if (opened !== undefined) {
      const title = [
        ...open.slice(-1).map(({ test }) => test.title.slice(-TITLE)),
        opened.title?.slice(0, TITLE) ?? cut(childrenOf(node, "arguments")[0] ?? node),
      ].join(" › ");
      const test = {
        title,
        rows: countRows(chain),
        line,
        isSuite: opened.isSuite,
        skippedBy: opened.skippedBy ?? open.at(-1)?.test.skippedBy ?? conditionOf(parents, open.at(-1)?.call),
        assertions: [],
      };
      tests.push(test);
      open.push({ test, call: node, body: opened.body, returnsAt: Number.POSITIVE_INFINITY });
      if (opened.isOnly) only.push({ text: title, line });
      leniencies.push(...opened.leniencies.map((each) => ({ ...each, line })));
    }
    const here = open.at(-1);
    if (here !== undefined && isSkipCall(chain, here)) here.test.skippedBy ??= place.text;
    if (place.text === "expect.extend") overrides.push(place);
    if (isMock(chain)) mocks.push({ text: stringOf(childrenOf(node, "arguments")[0]) ?? "(computed)", line });
    leniencies.push(...readLeniency(node, chain).map((each) => ({ ...each, line })));
    if (place.text === "process.exit" && isSuccess(childrenOf(node, "arguments")[0])) exits.push(place);
  };

  const enterAssignment = (node: SyntaxNode): void => {
    const left = childOf(node, "left");
    const chain = left && chainOf(left);
    const name = chain === undefined ? "" : [chain.root, ...chain.names].join(".");
    const place = { text: name, line: lineOf(node.start) };
    if (name === "process.exitCode" && isSuccess(childOf(node, "right"))) exits.push(place);
    if (/^((globalThis|global)\.)?(expect|assert|test|it|describe)(\.|$)/.test(name)) overrides.push(place);
  };

  return {
    enter: (node, parents) => {
      const here = open.at(-1);
      if (node.type === "ReturnStatement" && here?.body !== undefined && parents.at(-1) === here.body) here.returnsAt = Math.min(here.returnsAt, node.end);
      if (node.type === "AssignmentExpression") enterAssignment(node);
      if (node.type !== "CallExpression" && node.type !== "MemberExpression") return;
      if (seen.has(node)) return;
      const chain = chainOf(node);
      if (chain === undefined) return;
      if (node.type === "CallExpression") enterCall(node, chain, parents);
      const place: AssertionPlace = {
        node,
        chain,
        parents,
        cut,
        line: lineOf(node.start),
        within: here?.body,
        isDead: node.start >= (here?.returnsAt ?? node.end),
      };
      const assertion = readAssertion(place);
      if (assertion === undefined) return;
      for (const link of chain.links) seen.add(link);
      (here?.test.assertions ?? elsewhere).push(assertion);
    },
    leave: (node) => {
      if (open.at(-1)?.call === node) open.pop();
    },
    finish: () => ({ tests, elsewhere, only, mocks, leniencies, exits, overrides }),
  };
}

/** The rows of `test.each([…])`; of a table in a template, its holes. */
function countRows({ names, links }: Chain): number {
  if (!names.includes("each") && !names.includes("for")) return 0;
  const counts = links.map((link) => {
    const [table] = childrenOf(link, "arguments");
    const template = childOf(link, "quasi");
    return table?.type === "ArrayExpression" ? childrenOf(table, "elements").length : template === undefined ? 0 : childrenOf(template, "expressions").length;
  });
  return Math.max(0, ...counts);
}

/** A test that is only there on a condition is skipped where it does not hold. */
function conditionOf(parents: readonly SyntaxNode[], around: SyntaxNode | undefined): string | null {
  const between = around === undefined ? parents : parents.slice(parents.lastIndexOf(around) + 1);
  return between.some(({ type }) => type === "IfStatement" || type === "ConditionalExpression" || type === "LogicalExpression") ? "a condition" : null;
}

const SUITES: ReadonlySet<string> = new Set(["describe", "suite", "context", "fdescribe", "xdescribe", "xcontext"]);
const CASES: ReadonlySet<string> = new Set(["it", "test", "specify", "fit", "xit", "xtest", "xspecify", "ftest", "bench"]);
const SKIPS: ReadonlySet<string> = new Set(["skip", "todo", "fixme", "skipIf", "runIf", "ignore", "fails", "failing", "fail"]);

const MODIFIERS: ReadonlySet<string> = new Set(
  "only skip todo fixme skipIf runIf ignore fails failing fail each for concurrent sequential serial parallel shuffle slow describe test it if cb macro wrap".split(
    " ",
  ),
);

interface Opening {
  readonly title: string | undefined;
  readonly isSuite: boolean;
  readonly isOnly: boolean;
  readonly skippedBy: string | null;
  readonly body: SyntaxNode | undefined;
  readonly leniencies: readonly { readonly text: string; readonly amount: number }[];
}

/** What a call opens: `describe("…", () => …)`, `test.skip(…)`, `it.each([…])("…", …)`, `t.test(…)`. */
function openTest(node: SyntaxNode, { root, names }: Chain): Opening | undefined {
  const base = root === "Deno" || root === "Bun" ? names[0] : root;
  if (!names.every((name) => MODIFIERS.has(name))) return undefined;
  const isSub = names.length === 1 && /^(t|tap|ctx|context)$/.test(root) && (names[0] === "test" || names[0] === "describe" || names[0] === "it");
  const isSuite = SUITES.has(base ?? "") || names.includes("describe");
  if (!isSub && !isSuite && !CASES.has(base ?? "")) return undefined;
  const given = childrenOf(node, "arguments");
  const callback = given.find(({ type }) => type === "ArrowFunctionExpression" || type === "FunctionExpression");
  const skip = names.find((name) => SKIPS.has(name));
  const hasTitle = given[0] !== undefined && (given[0].type === "TemplateLiteral" || stringOf(given[0]) !== undefined);
  // `test.each([…])` alone, `pattern.test(text)` and `test.use({ … })` open nothing.
  const isOpening =
    callback !== undefined
      ? !/^(before|after|step|extend|use|beforeEach|afterEach|beforeAll|afterAll)$/.test(names.at(-1) ?? "")
      : hasTitle && (names.length === 0 ? given.length > 1 || base?.startsWith("x") : skip !== undefined || isSub);
  if (!isOpening) return undefined;
  const options = given.find(({ type }) => type === "ObjectExpression");
  const settings = options === undefined ? [] : childrenOf(options, "properties");
  const skippedByOption = settings.find((property) => /^(skip|todo|ignore|fails)$/.test(nameOf(property)) && !isFalsy(childOf(property, "value")));
  const body = callback && childOf(callback, "body");
  return {
    title: stringOf(given[0]),
    isSuite,
    isOnly:
      names.includes("only") ||
      base === "fit" ||
      base === "fdescribe" ||
      base === "ftest" ||
      settings.some((property) => nameOf(property) === "only" && !isFalsy(childOf(property, "value"))),
    skippedBy:
      skip !== undefined ? [root, ...names].join(".") : base?.startsWith("x") ? base : skippedByOption !== undefined ? `{ ${nameOf(skippedByOption)} }` : null,
    body: body?.type === "BlockStatement" ? body : undefined,
    leniencies: [...settings.flatMap(readSetting), ...given.slice(2).flatMap((last) => readAmount("timeout", last))],
  };
}

const nameOf = (property: SyntaxNode) => stringOf(childOf(property, "key")) ?? String(childOf(property, "key")?.name ?? "");
const isFalsy = (node: SyntaxNode | undefined) => node?.type === "Literal" && (node.value === false || node.value === null || node.value === 0);
const isSuccess = (code: SyntaxNode | undefined) => code === undefined || (code.type === "Literal" && (code.value === 0 || code.value === "0"));

function isSkipCall({ root, names }: Chain, { test }: OpenTest): boolean {
  if (test.isSuite && root !== "this") return false;
  return (
    (names.length === 1 && /^(skip|todo|pending)$/.test(names[0] ?? "") && /^(t|this|ctx|context|test|tap|assert)$/.test(root)) ||
    (names.length === 0 && root === "pending")
  );
}

const MOCKERS: ReadonlySet<string> = new Set([
  "vi.mock",
  "vi.doMock",
  "jest.mock",
  "jest.doMock",
  "jest.unstable_mockModule",
  "mock.module",
  "t.mock.module",
  "td.replace",
  "proxyquire",
  "esmock",
]);
const isMock = ({ root, names }: Chain) => MOCKERS.has([root, ...names].join("."));

const LENIENT = /^(retry|retries|retryTimes|flaky|timeout|testTimeout|hookTimeout|setTimeout|slow)$/;

/** `jest.setTimeout(…)`, `this.retries(3)`, `vi.setConfig({ testTimeout })`, `test.describe.configure({ retries })`. */
function readLeniency(node: SyntaxNode, { root, names }: Chain): { text: string; amount: number }[] {
  const name = names.at(-1) ?? "";
  const [first] = childrenOf(node, "arguments");
  if (!/^(this|jest|vi|test|it|t|describe|context|ctx)$/.test(root) || first === undefined) return [];
  if (LENIENT.test(name)) return readAmount(name, first);
  return name === "setConfig" || name === "configure" ? childrenOf(first, "properties").flatMap(readSetting) : [];
}

function readSetting(property: SyntaxNode): { text: string; amount: number }[] {
  const value = childOf(property, "value");
  return LENIENT.test(nameOf(property)) && value !== undefined ? readAmount(nameOf(property), value) : [];
}

function readAmount(text: string, node: SyntaxNode): { text: string; amount: number }[] {
  const value = node.type === "Literal" ? node.value : undefined;
  return typeof value === "number" ? [{ text, amount: value }] : [];
}
