import { createLineFinder } from "../../line-at.ts";
import { parsePython } from "../../parse-python.ts";
import { GUARD_NAME } from "./find-guards.ts";
import { blankOut, renderLines, type Span } from "./render-lines.ts";
import type { Assertion, Guard, OutlinedTest, Placed, Source } from "./source.ts";
import { sourceOfLines } from "./source-of-lines.ts";

interface OpenBlock {
  readonly name: "class" | "function" | "if" | "try" | "except" | "other";
  readonly from: number;
  readonly title: string;
  readonly test?: OutlinedTest & { skippedBy: string | null; readonly assertions: Assertion[] };
  returnsAt: number;
}

/** How much of a statement is looked at. */
const CUT = 300;
/** How much of a decorator, which may hold a table. */
const TABLE = 50_000;
/** How much of the titles above a test. */
const TITLE = 1_000;

export function parsePythonSource(text: string): Source {
  const { tree } = parsePython(text);
  if (tree === null) return sourceOfLines(text, { language: "python", unparsed: "it could not be parsed" });
  const lineOf = createLineFinder(text);
  const comments: (Placed & Span)[] = [];
  const strings: (Placed & Span)[] = [];
  const imports: Placed[] = [];
  const environment: Placed[] = [];
  const guards: Guard[] = [];
  const tests: NonNullable<OpenBlock["test"]>[] = [];
  const elsewhere: Assertion[] = [];
  const mocks: Placed[] = [];
  const exits: Placed[] = [];
  const overrides: Placed[] = [];
  const open: OpenBlock[] = [];
  let decorators: string[] = [];
  let isAllSkipped = false;

  const enter = (name: string, from: number, to: number): void => {
    if (!LOOKED_AT.has(name)) return;
    const cut = text
      .slice(from, Math.min(to, from + CUT))
      .replace(/\s+/g, " ")
      .trim();
    const line = lineOf(from);
    const placed = { text: cut, line };
    const owner = open.findLast(({ test }) => test !== undefined)?.test;
    const callable = open.findLast((block) => block.name === "function");
    const route = callable?.title ?? "";
    switch (name) {
      case "Comment":
        comments.push({ text: cut, line, start: from, end: to });
        return;
      case "String":
      case "FormatString":
        strings.push({ text: text.slice(from, to), line, start: from, end: to });
        return;
      case "ImportStatement":
        imports.push(...readImports(cut).map((module) => ({ text: module, line })));
        return;
      case "Decorator":
        decorators.push(
          text
            .slice(from, Math.min(to, from + TABLE))
            .replace(/\s+/g, " ")
            .trim(),
        );
        for (const guard of [cut.replace(/^@/, "").split("(")[0]?.split(".").at(-1) ?? ""].filter((each) => GUARD_NAME.test(each)))
          guards.push({ text: guard, line, route: "a decorator" });
        return;
      case "ClassDefinition":
      case "FunctionDefinition": {
        const block = openBlock(name === "ClassDefinition" ? "class" : "function", cut, from, line, open, decorators);
        decorators = [];
        if (/def (pytest_(runtest|collection|sessionfinish|pyfunc|exception|ignore|report|assertrepr)\w*|__eq__)\b/.test(cut))
          overrides.push({ text: block.title, line });
        if (block.test !== undefined) tests.push(block.test);
        open.push(block);
        return;
      }
      case "IfStatement":
        open.push({ name: "if", from, title: "", returnsAt: Number.POSITIVE_INFINITY });
        return;
      case "TryStatement":
        open.push({ name: isSwallowing(text.slice(from, Math.min(to, from + 4_000))) ? "try" : "other", from, title: "", returnsAt: Number.POSITIVE_INFINITY });
        return;
      case "ReturnStatement":
        if (callable !== undefined && open.at(-1) === callable) callable.returnsAt = Math.min(callable.returnsAt, to);
        return;
      case "AssertStatement":
        (owner?.assertions ?? elsewhere).push(readAssertion(cut, line, open, from));
        return;
      case "CallExpression": {
        const callee = /^[\w.]{1,100}/.exec(cut)?.[0] ?? "";
        if (/^(self\.(assert\w+|fail)|pytest\.(raises|warns|fail))$/.test(callee)) (owner?.assertions ?? elsewhere).push(readAssertion(cut, line, open, from));
        if (/^(pytest\.skip|self\.skipTest|pytest\.xfail|pytest\.importorskip)$/.test(callee) && owner !== undefined) owner.skippedBy ??= callee;
        if (/^(sys\.exit|os\._exit|exit|quit)$/.test(callee) && /\((0|None)?\)/.test(cut)) exits.push(placed);
        if (/(^|\.)(patch|patch\.object|setattr)$/.test(callee) && /patch/.test(callee)) mocks.push(placed);
        if (GUARD_NAME.test(callee.split(".").at(-1) ?? "")) guards.push({ text: callee.split(".").at(-1) ?? "", line, route });
        if (/^(os\.getenv|os\.environ\.(get|pop|setdefault)|getenv|environ\.get)$/.test(callee))
          environment.push({ text: /\( ?["'](\w{1,200})["']/.exec(cut)?.[1] ?? "*", line });
        return;
      }
      case "MemberExpression": {
        const name = /^(?:os\.)?environ ?\[ ?["'](\w{1,200})["'] ?\]$/.exec(cut)?.[1];
        if (name !== undefined) environment.push({ text: name, line });
        else if (cut === "os.environ" && !/^os\.environ ?[.[]/.test(text.slice(from, from + 20))) environment.push({ text: "*", line });
        return;
      }
      case "AssignStatement":
        if (open.length === 0 && /^pytestmark ?=.*\.(skip|skipif|xfail)\b/.test(cut)) isAllSkipped = true;
        return;
      default:
    }
  };

  tree.iterate({
    enter: ({ name, from, to }) => enter(name, from, to),
    leave: ({ name, from }) => {
      if (OPENING.has(name) && open.at(-1)?.from === from) open.pop();
    },
  });
  const code = renderLines(blankOut(text, [...comments, ...strings]));
  if (isAllSkipped) for (const test of tests) test.skippedBy ??= "pytestmark";
  const outline = { tests, elsewhere, only: [], mocks, leniencies: [], exits, overrides };
  const values = renderLines(blankOut(text, comments));
  return { language: "python", unparsed: null, lines: renderLines(text), code, values, comments, strings, imports, environment, guards, outline };
}

const LOOKED_AT: ReadonlySet<string> = new Set(
  "Comment String FormatString ImportStatement Decorator ClassDefinition FunctionDefinition IfStatement TryStatement ReturnStatement AssertStatement CallExpression MemberExpression AssignStatement".split(
    " ",
  ),
);
const OPENING: ReadonlySet<string> = new Set(["ClassDefinition", "FunctionDefinition", "IfStatement", "TryStatement"]);

function openBlock(name: "class" | "function", cut: string, from: number, line: number, open: readonly OpenBlock[], decorators: readonly string[]): OpenBlock {
  const own = /(?:class|def) (\w{1,200})/.exec(cut)?.[1] ?? "";
  const title = [...open.filter(({ title }) => title !== "").slice(-1), { title: own }].map((block) => block.title.slice(-TITLE)).join(" › ");
  const isTest = name === "class" ? /^Test|Tests?$/.test(own) || /\((?:\w+\.)?\w*TestCase/.test(cut) : /^test/.test(own);
  const block: OpenBlock = { name, from, title, returnsAt: Number.POSITIVE_INFINITY };
  if (!isTest) return block;
  const skippedBy = decorators.find((decorator) => /\b(skip\w*|xfail|expectedFailure)\b/.test(decorator.split("(")[0] ?? "")) ?? null;
  // Commas stand for rows: fewer of them are fewer rows, or narrower ones.
  const rows = decorators
    .filter((decorator) => /parametrize|\bdata\(/.test(decorator.slice(0, CUT)))
    .reduce((sum, decorator) => sum + decorator.split(",").length, 0);
  return { ...block, test: { title, line, isSuite: name === "class", skippedBy: skippedBy === null ? null : skippedBy.slice(0, CUT), rows, assertions: [] } };
}

function readImports(cut: string): string[] {
  const from = /^from ([\w.]{1,200})/.exec(cut)?.[1];
  if (from !== undefined) return [from];
  return cut
    .replace(/^import /, "")
    .split(",")
    .map((each) => each.trim().split(" ")[0] ?? "");
}

/** Every `except` of it does nothing that would be heard. */
function isSwallowing(text: string): boolean {
  const [, ...handlers] = text.split(/\bexcept\b/);
  return handlers.some((handler) => !/\b(raise|assert|fail)\b|self\.assert/.test(handler.split(/\b(?:else|finally)\b/)[0] ?? ""));
}

function readAssertion(cut: string, line: number, open: readonly OpenBlock[], from: number): Assertion {
  const inside = open.slice(open.findLastIndex(({ test }) => test !== undefined) + 1);
  return {
    text: cut,
    line,
    strictness: weigh(cut),
    isTrivial:
      /^assert \(?(True|1|not False|"[^"]*"|'[^']*'|not None)\)?( ?,.*)?$|\bor True\b|\bor 1\b|^self\.assertTrue\((True|1)\)|^self\.assertFalse\((False|0)\)/.test(
        cut,
      ),
    isSwallowed: inside.some(({ name }) => name === "try"),
    isConditional: inside.some(({ name }) => name === "if"),
    isDead: from > Math.min(...open.map(({ returnsAt }) => returnsAt)),
  };
}

function weigh(cut: string): 0 | 1 | 2 {
  if (/^assert .*(==|\bis (?!not\b))|^self\.assert(Equal|Is|DictEqual|ListEqual|Raises|RaisesRegex|CountEqual|AlmostEqual)\b|^pytest\.raises/.test(cut))
    return /\bis not None\b/.test(cut) ? 0 : 2;
  if (/^assert .*(!=|[<>]| in )|^self\.assert(In|Regex|Greater|Less|NotEqual)/.test(cut)) return 1;
  return 0;
}
