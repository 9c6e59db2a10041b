import { describe, expect, it } from "vitest";
import type { Edit } from "./edit.ts";
import { findEffectiveEdits, isLoggingOnly } from "./find-effective-edits.ts";

const edit = (before: string | null, after: string | null, parts: Partial<Edit> = {}): Edit => ({
  path: "src/a.js",
  status: "modified",
  addedLines: 1,
  deletedLines: 1,
  modeBefore: 0o100644,
  modeAfter: 0o100644,
  before,
  after,
  hasText: before !== null && after !== null,
  ...parts,
});
const isEffective = (each: Edit) => findEffectiveEdits([each], (path) => path === "README.md").length === 1;

describe("an edit that can change what the agent does", () => {
  for (const [name, each, effective] of [
    ["other code does", edit("a(1)", "a(2)"), true],
    ["another comment does not", edit("a(1) // one", "a(1) // two"), false],
    ["another layout does not", edit("a( 1 )", "a(1);\n\n"), false],
    ["TypeScript's comments do not either", edit("let a: number = 1 // one", "let a: number = 1", { path: "a.ts" }), false],
    ["another type does: only the compiler may say that it does not", edit("let a: number = 1", "let a: string = 1", { path: "a.ts" }), true],
    ["a comment that a program reads does", edit("a(1)", "// @ts-ignore\na(1)"), true],
    ["a string that looks like a comment does", edit('a("// one")', 'a("// two")'), true],
    ["another number of the same value in other letters does", edit("a(0x10)", "a(16)"), true],
    ["another expression of the same pattern does", edit("a(/x/g)", "a(/x/i)"), true],
    ["a big integer does", edit("a(1n)", "a(2n)"), true],
    ["what does not parse does", edit("a(1) // one", "a(1 // two"), true],
    ["what was not read does", edit(null, null), true],
    ["a document does not", edit("one", "two", { path: "README.md" }), false],
    ["a document that was code before does", edit("a(1)", "a(1)", { path: "README.md", from: "a.js", status: "renamed" }), true],
    ["a file that may now be run does", edit("a(1)", "a(1) //", { modeAfter: 0o100755 }), true],
    ["a comment in Python counts: nobody parsed it", edit("a(1) # one", "a(1) # two", { path: "a.py" }), true],
    ["deep nesting that cannot be compared does", edit(`${"[".repeat(20_000)}1${"]".repeat(20_000)}`, `${"[".repeat(20_000)}1${"]".repeat(20_000)} //`), true],
  ] as const)
    it(name, () => expect(isEffective(each)).toBe(effective));
});

describe("a change of logging alone", () => {
  for (const [name, each, only] of [
    ["a new log line is one", edit("a(1)\n", 'a(1)\nconsole.log("here")\n'), true],
    ["a log line with a value is one", edit("a(1)\n", "a(1)\nlogger.info(`at ${place}`)\n"), true],
    ["a Python log line is one", edit("a(1)\n", 'a(1)\nlogging.info("here")\n', { path: "a.py" }), true],
    ["a log line that calls something is none", edit("a(1)\n", "a(1)\nconsole.log(drop())\n"), false],
    ["a log line that assigns is none", edit("a(1)\n", "a(1)\nconsole.log(x = 2)\n"), false],
    ["a log line with more behind it is none", edit("a(1)\n", 'a(1)\nconsole.log("a"); drop()\n'), false],
    ["other code is none", edit("a(1)\n", "a(2)\n"), false],
    ["a new file is none", edit(null, 'console.log("a")', { status: "added", modeBefore: 0 }), false],
  ] as const)
    it(name, () => expect(isLoggingOnly([each])).toBe(only));

  it("nothing at all is none", () => expect(isLoggingOnly([])).toBe(false));
});
